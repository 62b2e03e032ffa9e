using System.Security.Cryptography;
using System.Text;
using MudBlazor;

namespace Ecom.Analytics.Pages;

/// <summary>What opens an operator's work (<c>ECOM_ADMIN_KEY</c>); null: it is open to whoever reaches this page.</summary>
public sealed record OperatorKey(string? Key)
{
    public bool Opens(string key) => Key is null || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(Key));
}

/// <summary>Whoever sits at this page, as far as they have shown the operator's key. It is remembered for as long as the page is open, and nowhere else.</summary>
public sealed class Operator(OperatorKey key, IDialogService dialogs)
{
    bool isKnown;

    public event Action? Changed;

    public bool HasToShowKey => key.Key is not null;

    public bool MayWork => isKnown || !HasToShowKey;

    /// <summary>Asks for the key where it is needed.</summary>
    public async Task<bool> Allows()
    {
        if (MayWork)
            return true;
        var dialog = await dialogs.ShowAsync<KeyDialog>("Operator's key", new DialogOptions { MaxWidth = MaxWidth.ExtraSmall, FullWidth = true, CloseOnEscapeKey = true });
        isKnown = await dialog.Result is { Canceled: false };
        Changed?.Invoke();
        return isKnown;
    }

    public void Leave()
    {
        isKnown = false;
        Changed?.Invoke();
    }
}
