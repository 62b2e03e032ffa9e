using System.Security.Cryptography;
using System.Text;

namespace Ecom.Hosting;

/// <summary>The operators' key.</summary>
public sealed class Operators
{
    public const string Setting = "ECOM_ADMIN_KEY", Header = "X-Admin-Key";
    const int Shortest = 16, Longest = 256;
    readonly byte[]? key;

    public Operators(IConfiguration settings)
    {
        if (settings[Setting] is not { Length: > 0 } text)
            return;
        if (text.Length is < Shortest or > Longest || text.Any(letter => letter is <= ' ' or > '~'))
            throw new SettingException(Setting, "…", $"{Shortest} to {Longest} letters, digits and signs without a space, such as openssl rand -hex 16 makes");
        key = Hash(text);
    }

    /// <summary>Without one, and without an authority, whoever is on this machine is an operator.</summary>
    public bool HaveKey => key is not null;

    /// <summary>Whether this is the key; how long the answer takes tells nothing of it.</summary>
    public bool Is(string? given) => key is not null && given is not null && CryptographicOperations.FixedTimeEquals(key, Hash(given));

    static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
