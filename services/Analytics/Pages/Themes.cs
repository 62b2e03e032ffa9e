using MudBlazor;

namespace Ecom.Analytics.Pages;

/// <summary>How the pages look: quiet, with the system's own letters.</summary>
public static class Themes
{
    static readonly string[] Letters = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"];

    /// <summary>As <c>page.js</c> remembers them: what the system says, or what was chosen here.</summary>
    public static IReadOnlyList<string> All { get; } = ["system-light", "system-dark", "light", "dark"];

    public static bool IsDark(string theme) => theme.EndsWith("dark", StringComparison.Ordinal);

    public static bool IsSystem(string theme) => theme.StartsWith("system", StringComparison.Ordinal);

    public static MudTheme Theme { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Background = "#f5f6f8",
            Surface = "#ffffff",
            AppbarBackground = "#ffffff",
            AppbarText = "#1a1f27",
            TextPrimary = "#1a1f27",
            TextSecondary = "#525b68",
            TextDisabled = "#6b7480",
            ActionDefault = "#525b68",
            ActionDisabled = "#6b7480",
            ActionDisabledBackground = "#e9ecf0",
            Primary = "#3450c8",
            PrimaryContrastText = "#ffffff",
            Secondary = "#525b68",
            Tertiary = "#7a3fb5",
            Dark = "#1a1f27",
            Success = "#12704a",
            Warning = "#8f5200",
            Error = "#b3261e",
            Info = "#0a609e",
            LinesDefault = "#e1e5ea",
            LinesInputs = "#aab2bd",
            TableLines = "#e8ebef",
            Divider = "#e1e5ea",
            DividerLight = "#eef0f3",
        },
        PaletteDark = new PaletteDark
        {
            Background = "#0f1216",
            Surface = "#171b21",
            AppbarBackground = "#171b21",
            AppbarText = "#e8ebf0",
            TextPrimary = "#e8ebf0",
            TextSecondary = "#a5aeba",
            TextDisabled = "#8b94a0",
            ActionDefault = "#a5aeba",
            ActionDisabled = "#8b94a0",
            ActionDisabledBackground = "#232931",
            Primary = "#9db0ff",
            PrimaryContrastText = "#11162b",
            Secondary = "#a5aeba",
            Tertiary = "#d0a9ff",
            Dark = "#e8ebf0",
            Success = "#63d3a0",
            SuccessContrastText = "#07261a",
            Warning = "#f1b765",
            WarningContrastText = "#2b1a00",
            Error = "#ff9a92",
            ErrorContrastText = "#2f0b08",
            Info = "#82c7fb",
            InfoContrastText = "#06202f",
            LinesDefault = "#2a313a",
            LinesInputs = "#59636f",
            TableLines = "#242b33",
            Divider = "#2a313a",
            DividerLight = "#20262d",
        },
        LayoutProperties = new() { DefaultBorderRadius = "10px" },
        Typography = new()
        {
            Default = new DefaultTypography { FontFamily = Letters, FontSize = ".9375rem", LineHeight = "1.5", LetterSpacing = "normal" },
            Body1 = new Body1Typography { FontFamily = Letters, FontSize = ".9375rem", LineHeight = "1.5", LetterSpacing = "normal" },
            Body2 = new Body2Typography { FontFamily = Letters, FontSize = ".875rem", LineHeight = "1.45", LetterSpacing = "normal" },
            Button = new ButtonTypography { FontFamily = Letters, FontSize = ".875rem", FontWeight = "600", LineHeight = "1.5", LetterSpacing = "normal", TextTransform = "none" },
        },
    };
}
