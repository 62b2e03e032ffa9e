using System.Security.Cryptography;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ecom.Tests.Service;

/// <summary>An OpenID Connect authority on this machine, with a key of its own.</summary>
sealed class Issuer : IAsyncDisposable
{
    readonly WebApplication web;
    readonly RsaSecurityKey key = NewKey();

    Issuer()
    {
        Address = $"http://127.0.0.1:{Ports.Free()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address);
        web = builder.Build();
        web.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = Address, jwks_uri = $"{Address}/keys", id_token_signing_alg_values_supported = new[] { "RS256" } }));
        var shown = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(key.Rsa.ExportParameters(includePrivateParameters: false)) { KeyId = key.KeyId });
        web.MapGet("/keys", () => Results.Json(new { keys = new[] { new { kty = shown.Kty, kid = shown.Kid, n = shown.N, e = shown.E, alg = "RS256", use = "sig" } } }));
    }

    public string Address { get; }

    public static async Task<Issuer> Start()
    {
        var issuer = new Issuer();
        await issuer.web.StartAsync();
        return issuer;
    }

    public static RsaSecurityKey NewKey() => new(RSA.Create(2048)) { KeyId = Guid.NewGuid().ToString("N") };

    /// <summary>What follows <c>Bearer</c>.</summary>
    public string Token(string? sub, string? role = null, string roleClaim = "roles", string audience = "ecom", string? issuer = null, RsaSecurityKey? by = null, int minutes = 10)
    {
        var claims = new Dictionary<string, object>();
        if (sub is not null)
            claims["sub"] = sub;
        if (role is not null)
            claims[roleClaim] = new[] { "somebody", role };
        var now = DateTime.UtcNow;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Address,
            Audience = audience,
            NotBefore = now.AddHours(-2),
            IssuedAt = now.AddHours(-2),
            Expires = now.AddMinutes(minutes),
            Claims = claims,
            SigningCredentials = new(by ?? key, SecurityAlgorithms.RsaSha256),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await web.DisposeAsync();
        key.Rsa.Dispose();
    }
}
