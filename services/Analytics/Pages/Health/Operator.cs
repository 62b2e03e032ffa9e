using System.Security.Claims;
using Ecom.Hosting;
using MudBlazor;

namespace Ecom.Analytics.Pages;

/// <summary>Who sits at this page, as the request for it was admitted.</summary>
/// <param name="MayLook">As the routes for observers.</param>
/// <param name="MayWork">As the routes for operators.</param>
public sealed record Visitor(bool MayLook, bool MayWork)
{
    public static Visitor Of(ClaimsPrincipal caller) => new(caller.MaySeeEverybodys(), caller.IsOperator());
}

/// <summary>Whoever sits at this page, and whether they have shown the operators' key. It is remembered for as long as the page is open, and nowhere else.</summary>
public sealed class Operator(Operators operators, IDialogService dialogs)
{
    Visitor visitor = new(false, false);
    bool isKnown;

    public event Action? Changed;

    public bool HasToShowKey => !visitor.MayWork;

    public bool MayWork => isKnown || visitor.MayWork;

    public bool MayLook => isKnown || visitor.MayLook;

    /// <summary>There is a key to show.</summary>
    public bool CanShowKey => operators.HaveKey;

    public void Is(Visitor come) => visitor = come;

    /// <summary>Asks for the key where it is needed.</summary>
    public async Task<bool> Allows()
    {
        if (MayWork)
            return true;
        var dialog = await dialogs.ShowAsync<KeyDialog>("Operator's key", new DialogOptions { MaxWidth = MaxWidth.ExtraSmall, FullWidth = true, CloseOnEscapeKey = true });
        return await dialog.Result is { Canceled: false };
    }

    /// <returns>Whether that is the key.</returns>
    public bool Show(string given)
    {
        isKnown = operators.Is(given);
        Changed?.Invoke();
        return isKnown;
    }

    public void Leave()
    {
        isKnown = false;
        Changed?.Invoke();
    }
}
