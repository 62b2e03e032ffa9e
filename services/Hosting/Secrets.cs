using System.Security.Cryptography;
using System.Text;

namespace Ecom.Hosting;

static class Secrets
{
    /// <summary>Whether this is it; how long the answer takes tells nothing of it, nor of its length.</summary>
    public static bool AreSame(string secret, string? given) => given is not null && CryptographicOperations.FixedTimeEquals(Hash(secret), Hash(given));

    static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
