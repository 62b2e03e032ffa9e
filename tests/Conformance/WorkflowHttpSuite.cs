using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Dapr.Workflow;
using Ecom.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Ecom.Tests.Conformance;

/// <summary>Workflows by HTTP; what they do is tests/Workflow's.</summary>
public abstract class WorkflowHttpSuite(Sidecars sidecars) : IAsyncLifetime
{
    const string Workflows = "v1.0/workflows/dapr/";
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    readonly string id = Guid.NewGuid().ToString("N");
    IHost? worker;

    public async ValueTask InitializeAsync()
    {
        if (!sidecars.IsOpen)
            return;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("DAPR_GRPC_PORT", $"{sidecars.GrpcPort}"), new("DAPR_API_TOKEN", Sidecars.Token)]);
        builder.Services.AddDaprWorkflow(options => options.RegisterWorkflow<string, string>("Wait", async (context, input) =>
        {
            context.SetCustomStatus("waits");
            return input + await context.WaitForExternalEventAsync<string>("go");
        }));
        worker = builder.Build();
        await worker.StartAsync();
        await Eventually.Until(async () => await Workers() > 0, Deadline, "the worker is connected");
    }

    async Task<int> Workers() => (int?)JsonNode.Parse(await sidecars.Http.GetStringAsync("v1.0/metadata"))!["workflows"]?["connectedWorkers"] ?? 0;

    public async ValueTask DisposeAsync()
    {
        if (worker is not null)
        {
            await worker.StopAsync();
            worker.Dispose();
            await Eventually.Until(async () => await Workers() == 0, Deadline, "the sidecar has seen it go");
        }
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_workflow_is_started_asked_for_told_and_purged()
    {
        var started = await Post($"Wait/start?instanceID={id}", "\"ready \"");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        ((string?)JsonNode.Parse(await started.Content.ReadAsStringAsync())!["instanceID"]).ShouldBe(id);
        await Becomes("RUNNING");

        (await Post($"{id}/pause")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Becomes("SUSPENDED");
        (await Post($"{id}/raiseEvent/go", "\"steady\"")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await Post($"{id}/resume")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var ended = await Becomes("COMPLETED");

        ((string?)ended["workflowName"]).ShouldBe("Wait");
        var properties = ended["properties"]!;
        ((string?)properties["dapr.workflow.input"]).ShouldBe("\"ready \"");
        ((string?)properties["dapr.workflow.output"]).ShouldBe("\"ready steady\"");
        (await Post($"{id}/purge")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await sidecars.Http.GetAsync(Workflows + id)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_workflow_is_terminated()
    {
        await Post($"Wait/start?instanceID={id}", "\"\"");
        await Becomes("RUNNING");

        (await Post($"{id}/terminate")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        await Becomes("TERMINATED");
    }

    [Theory]
    [InlineData("Wait/start?instanceID=not.one", 400, "ERR_INSTANCE_ID_INVALID")]
    [InlineData("nobody/terminate", 404, "ERR_INSTANCE_ID_NOT_FOUND")]
    [InlineData("nobody/pause", 500, "ERR_PAUSE_WORKFLOW")]
    [InlineData("nobody/resume", 500, "ERR_RESUME_WORKFLOW")]
    [InlineData("nobody/raiseEvent/go", 500, "ERR_RAISE_EVENT_WORKFLOW")]
    [InlineData("nobody/purge", 404, "ERR_INSTANCE_ID_NOT_FOUND")]
    public async Task What_cannot_be_is_told_so(string path, int status, string code)
    {
        var answer = await Post(path);

        ((int)answer.StatusCode, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errorCode"]).ShouldBe((status, code));
    }

    Task<HttpResponseMessage> Post(string path, string? body = null) => sidecars.Http.PostAsync(Workflows + path, body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));

    Task<JsonNode> Becomes(string status) => Eventually.Get(async () =>
    {
        var answer = await sidecars.Http.GetAsync(Workflows + id);
        var state = answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync()) : null;
        return (string?)state?["runtimeStatus"] == status ? state : null;
    }, Deadline, $"it is {status}");
}
