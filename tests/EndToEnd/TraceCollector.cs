using System.Collections.Concurrent;
using Ecom.Contracts;
using Ecom.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ecom.Tests.EndToEnd;

/// <param name="IsOwn">False: a span of the service's sidecar, which has its name.</param>
/// <param name="Parent">Empty: the trace begins here.</param>
sealed record Span(string Service, bool IsOwn, string Name, string Trace, string Id, string Parent);

/// <summary>Takes what services and sidecars export by OTLP over HTTP, and keeps of it where each span belongs.</summary>
sealed class TraceCollector : IAsyncDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    /// <summary>Who takes part in an order. Analytics only counts: many orders' events in one call.</summary>
    public static readonly string[] Parts = [AppIds.Cart, AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification];

    /// <summary>What a fulfilled order's trace tells, beside calls.</summary>
    public static readonly string[] Fulfilment =
        [Topics.OrderCreated, Topics.PaymentProcessed, Topics.OrderConfirmed, Topics.InventoryReserved, Topics.NotificationSend, "gateway", "saga", "decide", "mail"];

    readonly int port = Ports.Free();
    readonly ConcurrentQueue<Span> spans = new();
    readonly WebApplication web;

    TraceCollector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address);
        web = builder.Build();
        web.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            Take(ByteString.CopyFrom(body.ToArray()));
        });
        web.MapPost("/v1/{other}", (string other) => { });
    }

    /// <summary>What tells services, and sidecars, to export here.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_EXPORTER_OTLP_INSECURE"] = "true",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
    };

    string Address => $"http://127.0.0.1:{port}";

    public static async Task<TraceCollector> Start()
    {
        var collector = new TraceCollector();
        await collector.web.StartAsync();
        return collector;
    }

    /// <summary>The trace that an order's row names.</summary>
    public static string TraceOf(IReadOnlyDictionary<string, object?> order) => ((string)order["trace_parent"]!).Split('-')[1];

    /// <summary>Every service has its part in the trace, each of these spans is in it, it has one beginning, and nothing hangs in the air.</summary>
    public async Task ShouldHoldWhole(string trace, params string[] names)
    {
        await Eventually.Until(
            () =>
            {
                var all = Trace(trace);
                var own = all.Where(span => span.IsOwn).ToList();
                string[] missing = [.. Parts.Except(own.Select(span => span.Service)), .. names.Except(own.Select(span => span.Name))];
                List<Span> orphans = [.. all.Where(span => span.Parent.Length > 0 && !all.Any(parent => parent.Id == span.Parent))];
                return missing.Length + orphans.Count == 0 ? true : throw new InvalidOperationException($"missing: {string.Join(", ", missing)}; orphans: {string.Join(", ", orphans)}");
            },
            Soon,
            $"the trace {trace} is whole");
        Trace(trace).Count(span => span.Parent.Length == 0).ShouldBe(1);
    }

    IReadOnlyList<Span> Trace(string id) => [.. spans.Where(span => span.Trace == id)];

    public ValueTask DisposeAsync() => web.DisposeAsync();

    // The field numbers of opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest, downwards.
    void Take(ByteString request)
    {
        foreach (var resourceSpans in Fields(request, 1))
        {
            var resource = Fields(resourceSpans, 1).SelectMany(resource => Fields(resource, 1)).ToDictionary(attribute => Text(attribute, 1), attribute => Text(Fields(attribute, 2).Single(), 1));
            var (service, isOwn) = (resource["service.name"], resource.GetValueOrDefault("telemetry.sdk.language") == "dotnet");
            foreach (var span in Fields(resourceSpans, 2).SelectMany(scope => Fields(scope, 2)))
                spans.Enqueue(new(service, isOwn, Text(span, 5), Hex(span, 1), Hex(span, 2), Hex(span, 4)));
        }
    }

    static string Text(ByteString message, int number) => string.Concat(Fields(message, number).Select(field => field.ToStringUtf8()));

    static string Hex(ByteString message, int number) => string.Concat(Fields(message, number).Select(field => Convert.ToHexStringLower(field.Span)));

    /// <summary>The values of a message's length-delimited field.</summary>
    static List<ByteString> Fields(ByteString message, int number)
    {
        var input = message.CreateCodedInput();
        List<ByteString> values = [];
        while (input.ReadTag() is var tag and not 0)
            if (tag == WireFormat.MakeTag(number, WireFormat.WireType.LengthDelimited))
                values.Add(input.ReadBytes());
            else
                input.SkipLastField();
        return values;
    }
}
