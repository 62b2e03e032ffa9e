using MudBlazor;

namespace Ecom.Analytics.Pages;

/// <summary>A product's picture.</summary>
static class Glyphs
{
    static readonly Dictionary<string, string> Known = new()
    {
        ["PROD-001"] = Icons.Material.Rounded.Headphones,
        ["PROD-002"] = Icons.Material.Rounded.Cable,
        ["PROD-003"] = Icons.Material.Rounded.PhoneIphone,
        ["PROD-004"] = Icons.Material.Rounded.ScreenLockPortrait,
        ["PROD-005"] = Icons.Material.Rounded.BatteryChargingFull,
        ["PROD-006"] = Icons.Material.Rounded.LaptopMac,
        ["PROD-007"] = Icons.Material.Rounded.Keyboard,
        ["PROD-008"] = Icons.Material.Rounded.Mouse,
        ["PROD-009"] = Icons.Material.Rounded.Usb,
        ["PROD-010"] = Icons.Material.Rounded.DesktopWindows,
        ["PROD-011"] = Icons.Material.Rounded.Light,
        ["PROD-012"] = Icons.Material.Rounded.Cable,
        ["PROD-013"] = Icons.Material.Rounded.Videocam,
        ["PROD-014"] = Icons.Material.Rounded.Mic,
        ["PROD-015"] = Icons.Material.Rounded.SettingsInputHdmi,
        ["PROD-016"] = Icons.Material.Rounded.SdCard,
        ["PROD-017"] = Icons.Material.Rounded.Storage,
        ["PROD-018"] = Icons.Material.Rounded.AcUnit,
        ["PROD-019"] = Icons.Material.Rounded.KeyboardAlt,
        ["PROD-020"] = Icons.Material.Rounded.PhoneAndroid,
    };

    public static string Of(string productId) => Known.GetValueOrDefault(productId, Icons.Material.Rounded.ShoppingBag);
}
