using Microsoft.AspNetCore.Components;

namespace Ecom.Analytics.Pages;

/// <summary>A part of a page that is drawn anew when something it watches has changed.</summary>
public abstract class Watching : ComponentBase, IDisposable
{
    /// <summary>How long a page that is sent for the first time waits for what it shows.</summary>
    static readonly TimeSpan FirstView = TimeSpan.FromMilliseconds(400);

    readonly List<IDisposable> watches = [];

    /// <summary>Draws anew after each look, and before the first page is sent waits a little for it.</summary>
    protected async Task Watch<T>(Live<T> live, Func<Task>? news = null) where T : class
    {
        if (IsGone)
            return;
        watches.Add(live.Watch(() => _ = InvokeAsync(async () =>
        {
            if (news is not null)
                await news();
            StateHasChanged();
        })));
        await live.Soon(FirstView);
    }

    /// <summary>What takes longer is drawn when it has come.</summary>
    protected static Task Soon(Task work) => Task.WhenAny(work, Task.Delay(FirstView));

    /// <summary>It is shown no more; what it waited for came too late.</summary>
    protected bool IsGone { get; private set; }

    protected void Watch(Visit visit)
    {
        void Changed() => _ = InvokeAsync(StateHasChanged);
        visit.Changed += Changed;
        watches.Add(new Undo(() => visit.Changed -= Changed));
    }

    public virtual void Dispose()
    {
        IsGone = true;
        watches.ForEach(watch => watch.Dispose());
        GC.SuppressFinalize(this);
    }

    sealed class Undo(Action undo) : IDisposable
    {
        public void Dispose() => undo();
    }
}
