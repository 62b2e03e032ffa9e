using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ecom.Sidecar.Mail;
using Ecom.Sidecar.Workflows;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ecom.Sidecar.Api;

/// <summary>One web server for every sidecar and the mail page: which port a call came to says whom it is for.</summary>
static class Server
{
    /// <summary>Without a word, and without a setting of the caller's (ASPNETCORE_URLS, appsettings.json): none is about this server.</summary>
    public static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        // A name that leads to this machine only while a page runs in its browser (DNS rebinding) is none of these.
        builder.Services.Configure<HostFilteringOptions>(hosts =>
        {
            hosts.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"];
            hosts.AllowEmptyHosts = false;
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        return builder;
    }

    public static WebApplication Build(World world, int mailPort, TimeZoneInfo zone)
    {
        var builder = Builder();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<Errors>();
            grpc.MaxReceiveMessageSize = HttpApi.MaxBody;
            grpc.MaxSendMessageSize = null;
            // Left to the fallback, which names what is not there.
            grpc.IgnoreUnknownServices = true;
        });
        var engine = world.Sidecars.Select(s => s.Workflows).FirstOrDefault(w => w is not null);
        if (engine is not null) builder.Services.AddSingleton(engine);
        world.Network?.Listen(builder.Services);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = HttpApi.MaxBody;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, mailPort, o => o.Protocols = HttpProtocols.Http1);
            foreach (var sidecar in world.Sidecars)
            {
                kestrel.Listen(IPAddress.Loopback, sidecar.Spec.HttpPort, o => o.Protocols = HttpProtocols.Http1);
                kestrel.Listen(IPAddress.Loopback, sidecar.Spec.GrpcPort, o => o.Protocols = HttpProtocols.Http2);
            }
        });
        var web = builder.Build();
        var mail = new MailPages(world.Mail, zone);
        var byPort = world.Sidecars.SelectMany(s => new[] { (s.Spec.HttpPort, s), (s.Spec.GrpcPort, s) }).ToFrozenDictionary(p => p.Item1, p => p.s);
        web.Use(next => http => http.Connection.LocalPort == mailPort ? mail.Answer(http) : Answer(http, byPort[http.Connection.LocalPort], next));
        web.UseRouting();
        HttpApi.Map(web);
        web.MapGrpcService<GrpcApi>();
        if (engine is not null) web.MapTaskHub();
        return web;
    }

    static async Task Answer(HttpContext http, AppSidecar sidecar, RequestDelegate next)
    {
        if (sidecar.IsStopped)
        {
            http.Abort();
            return;
        }
        http.Features.Set(sidecar);
        try
        {
            if (IsOfAPage(http.Request)) throw ApiException.NoPages();
            if (!http.Request.Path.StartsWithSegments("/v1.0/healthz") && !Same(sidecar.ApiToken, http.Request.Headers["dapr-api-token"])) throw ApiException.NoToken();
            // Another app's engine answers on another port; here there is none.
            if (sidecar.Workflows is null && http.Request.Path.StartsWithSegments("/TaskHubSidecarService")) http.RefuseGrpc(StatusCode.FailedPrecondition, "this app has no state store with actorStateStore \"true\"");
            else await next(http);
        }
        catch (ApiException e) when (!http.Response.HasStarted)
        {
            http.Response.StatusCode = e.Status;
            await http.Response.WriteAsJsonAsync(new { errorCode = e.Code, message = e.Message });
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            http.Response.StatusCode = e.StatusCode;
            await http.Response.WriteAsJsonAsync(new { errorCode = "ERR_BODY_READ", message = $"failed to read request body: {e.Message}" });
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller hung up.
        }
    }

    /// <summary>A sidecar serves apps and serves no page: what a browser sends for one is foreign, but for an address that a person typed.</summary>
    static bool IsOfAPage(HttpRequest request) => request.Headers.Origin.Count > 0 || request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "none";

    static bool Same(string token, string? given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(given ?? ""));

    /// <summary>The program that embeds this host decides about Ctrl-C; this server must not.</summary>
    sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    sealed class Errors : Interceptor
    {
        public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            try { return await continuation(request, context); }
            catch (ApiException e) { throw new RpcException(new Status(e.Grpc, e.Message)); }
        }
    }
}
