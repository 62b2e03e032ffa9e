using System.Net;
using System.Security.Cryptography;
using System.Text;
using MudBlazor;

namespace Ecom.Analytics.Pages;

/// <summary>What opens an operator's work, and to other machines the pages at all (<c>ECOM_ADMIN_KEY</c>); null: they are open to whoever reaches them.</summary>
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

    public bool MayLook(bool isHere) => isHere || MayWork;

    /// <summary>Whether the browser is on this machine.</summary>
    public static bool IsHere(HttpContext http) => http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);

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
        isKnown = key.Opens(given);
        Changed?.Invoke();
        return isKnown;
    }

    public void Leave()
    {
        isKnown = false;
        Changed?.Invoke();
    }
}
