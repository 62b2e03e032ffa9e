namespace Ecom.Hosting;

/// <summary>The operators' key.</summary>
public sealed class Operators
{
    public const string Setting = "ECOM_ADMIN_KEY", Header = "X-Admin-Key";
    const int Shortest = 16, Longest = 256;
    readonly string? key;

    public Operators(IConfiguration settings)
    {
        if (settings[Setting] is not { Length: > 0 } text)
            return;
        if (text.Length is < Shortest or > Longest || text.Any(letter => letter is <= ' ' or > '~'))
            throw new SettingException(Setting, "…", $"{Shortest} to {Longest} letters, digits and signs without a space, such as openssl rand -hex 16 makes");
        key = text;
    }

    /// <summary>Without one, and without an authority, whoever is on this machine is an operator.</summary>
    public bool HaveKey => key is not null;

    /// <summary>Whether this is the key.</summary>
    public bool Is(string? given) => key is not null && Secrets.AreSame(key, given);
}
