using System.Globalization;
using System.Text;
using DurableTask.Protobuf;
using Ecom.Sidecar.Workflows;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ecom.Sidecar.Api;

/// <summary>Workflow management over HTTP; workers speak gRPC. The component's name is not looked at, as in daprd.</summary>
static class WorkflowHttp
{
    const int LongestId = 64;
    const string Purge = "ERR_PURGE_WORKFLOW", Terminate = "ERR_TERMINATE_WORKFLOW";

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var version in (string[])["v1.0", "v1.0-beta1", "v1.0-alpha1"])
        {
            var root = $"/{version}/workflows/{{component}}/";
            routes.MapPost(root + "{workflow}/start", Start);
            routes.MapGet(root + "{id}", Get);
            routes.MapPost(root + "{id}/raiseEvent/{event}", http => Do(http, "ERR_RAISE_EVENT_WORKFLOW", async (engine, id) => await engine.RaiseEvent(id, http.Value("event"), await Text(http))));
            routes.MapPost(root + "{id}/terminate", http => Do(http, Terminate, (engine, id) => engine.Terminate(id, null, recursive: true)));
            routes.MapPost(root + "{id}/pause", http => Do(http, "ERR_PAUSE_WORKFLOW", (engine, id) => engine.Suspend(id, null)));
            routes.MapPost(root + "{id}/resume", http => Do(http, "ERR_RESUME_WORKFLOW", (engine, id) => engine.Resume(id, null)));
            routes.MapPost(root + "{id}/purge", http => Do(http, Purge, async (engine, id) => await engine.Purge(id, recursive: true)));
        }
    }

    static async Task Start(HttpContext http)
    {
        var engine = Engine(http);
        var id = http.Request.Query["instanceID"].ToString() is { Length: > 0 } given ? given : Guid.NewGuid().ToString("N");
        if (id.Length > LongestId) throw new ApiException(400, StatusCode.InvalidArgument, "ERR_INSTANCE_ID_TOO_LONG", $"workflow instance ID exceeds the max length of {LongestId} characters");
        if (!id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw new ApiException(400, StatusCode.InvalidArgument, "ERR_INSTANCE_ID_INVALID", $"workflow instance ID '{id}' is invalid: only alphanumeric and underscore characters are allowed");
        try { await engine.Start(new CreateInstanceRequest { InstanceId = id, Name = http.Value("workflow"), Input = await Text(http) }); }
        catch (WorkflowRefusedException e) { throw new ApiException(500, StatusCode.Internal, "ERR_START_WORKFLOW", $"error starting workflow '{http.Value("workflow")}': {e.Message}"); }
        http.Response.StatusCode = 202;
        await http.Response.WriteAsJsonAsync(new { instanceID = id });
    }

    static Task Get(HttpContext http)
    {
        var id = http.Value("id");
        var state = Engine(http).Get(id) ?? throw NotFound(id);
        var properties = new Dictionary<string, string>();
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) properties["dapr.workflow." + name] = value;
        }
        Add("input", state.Input);
        Add("output", state.Output);
        Add("custom_status", state.CustomStatus);
        Add("failure.error_type", state.FailureDetails?.ErrorType);
        Add("failure.error_message", state.FailureDetails?.ErrorMessage);
        Add("failure.stack_trace", state.FailureDetails?.StackTrace);
        return http.Response.WriteAsJsonAsync(new
        {
            instanceID = id,
            workflowName = state.Name,
            createdAt = Time(state.CreatedTimestamp),
            lastUpdatedAt = Time(state.LastUpdatedTimestamp),
            runtimeStatus = Status(state),
            properties,
        });
    }

    static async Task Do(HttpContext http, string code, Func<WorkflowEngine, string, Task> act)
    {
        var id = http.Value("id");
        try { await act(Engine(http), id); }
        // As daprd: of what ends a workflow it knows itself that there is none, of the rest it tells what the engine said.
        catch (WorkflowRefusedException e) when (code is Terminate or Purge && e.Message.Contains("no such instance")) { throw NotFound(id); }
        catch (WorkflowRefusedException e) { throw new ApiException(500, StatusCode.Internal, code, $"error on workflow '{id}': {e.Message}"); }
        http.Response.StatusCode = 202;
    }

    static WorkflowEngine Engine(HttpContext http) => http.Sidecar().Workflows
        ?? throw new ApiException(500, StatusCode.FailedPrecondition, "ERR_ACTOR_RUNTIME_NOT_FOUND", "the state store is not configured to use the actor runtime. Have you set the - name: actorStateStore value: \"true\" in your state store component file?");

    static ApiException NotFound(string id) => new(404, StatusCode.NotFound, "ERR_INSTANCE_ID_NOT_FOUND", $"unable to find workflow with the provided instance ID: {id}");

    static string Status(WorkflowState state) => state.WorkflowStatus == OrchestrationStatus.ContinuedAsNew ? "CONTINUED_AS_NEW" : state.WorkflowStatus.ToString().ToUpperInvariant();

    static string? Time(Google.Protobuf.WellKnownTypes.Timestamp? time) => time?.ToDateTime().ToString("O", CultureInfo.InvariantCulture);

    static async Task<string?> Text(HttpContext http) => await http.ReadBody() is { Length: > 0 } body ? Encoding.UTF8.GetString(body) : null;
}
