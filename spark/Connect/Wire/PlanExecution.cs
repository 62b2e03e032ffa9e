using Ecom.Spark.Connect.Protocol;
using Grpc.Core;

namespace Ecom.Spark.Connect.Wire;

/// <summary>
/// One operation on the server, reattachable: the server keeps its answers until they are released, so that a stream that
/// breaks, or that the server ends after its time, is taken up again after the last answer received.
/// </summary>
internal sealed class PlanExecution(SparkClient client, Plan plan, CancellationToken cancellation)
{
    readonly string operationId = Guid.NewGuid().ToString();
    string? lastResponseId;
    bool complete;

    /// <summary>Hands each answer to <paramref name="onResponse"/>; a cancelled operation is ended on the server too.</summary>
    public async Task Run(Action<ExecutePlanResponse> onResponse)
    {
        try
        {
            await Follow(onResponse).ConfigureAwait(false);
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        finally
        {
            if (complete || cancellation.IsCancellationRequested)
                await Release().ConfigureAwait(false);
        }
    }

    async Task Follow(Action<ExecutePlanResponse> onResponse)
    {
        var attach = false;
        for (var attempt = 0; ;)
        {
            try
            {
                using var call = attach ? Reattach() : Start();
                while (await call.ResponseStream.MoveNext().ConfigureAwait(false))
                {
                    var response = call.ResponseStream.Current;
                    attempt = 0;
                    lastResponseId = response.ResponseId;
                    client.Observe(response.ServerSideSessionId);
                    complete |= response.ResponseTypeCase == ExecutePlanResponse.ResponseTypeOneofCase.ResultComplete;
                    onResponse(response);
                }
                if (complete)
                    return;
                attach = true; // the server ends a long stream in good order and expects to be asked again
            }
            catch (RpcException e) when (complete && ErrorDetails.IsBroken(e))
            {
                return;
            }
            catch (RpcException e) when (!cancellation.IsCancellationRequested && ErrorDetails.IsBroken(e) && SparkClient.WaitBefore(attempt) is { } wait)
            {
                attempt++;
                attach = true;
                await Task.Delay(wait, cancellation).ConfigureAwait(false);
            }
            catch (RpcException e) when (attach && lastResponseId is null && NeverArrived(e))
            {
                attach = false; // the connection broke before the server had the plan: send it again
            }
            catch (RpcException e) when (!cancellation.IsCancellationRequested)
            {
                throw await client.Translate(e).ConfigureAwait(false);
            }
        }
    }

    static bool NeverArrived(RpcException e) =>
        ErrorDetails.ErrorClass(e) is "INVALID_HANDLE.OPERATION_NOT_FOUND" or "INVALID_HANDLE.SESSION_NOT_FOUND";

    AsyncServerStreamingCall<ExecutePlanResponse> Start()
    {
        var request = new ExecutePlanRequest
        {
            SessionId = client.SessionId,
            UserContext = client.User,
            ClientType = client.ClientType,
            OperationId = operationId,
            Plan = plan,
            RequestOptions = { new ExecutePlanRequest.Types.RequestOption { ReattachOptions = new() { Reattachable = true } } },
        };
        if (client.ServerSession is { } observed)
            request.ClientObservedServerSideSessionId = observed;
        return client.Rpc.ExecutePlan(request, client.Options(cancellation, bounded: false));
    }

    AsyncServerStreamingCall<ExecutePlanResponse> Reattach()
    {
        var request = new ReattachExecuteRequest { SessionId = client.SessionId, UserContext = client.User, ClientType = client.ClientType, OperationId = operationId };
        if (lastResponseId is not null)
            request.LastResponseId = lastResponseId;
        if (client.ServerSession is { } observed)
            request.ClientObservedServerSideSessionId = observed;
        return client.Rpc.ReattachExecute(request, client.Options(cancellation, bounded: false));
    }

    // Only at the end: while a result streams, the server itself drops old answers beyond its buffer. What still runs is stopped by it.
    async Task Release()
    {
        try
        {
            var request = new ReleaseExecuteRequest
            {
                SessionId = client.SessionId,
                UserContext = client.User,
                ClientType = client.ClientType,
                OperationId = operationId,
                ReleaseAll = new(),
            };
            await client.Rpc.ReleaseExecuteAsync(request, client.Options(CancellationToken.None)).ConfigureAwait(false);
        }
        catch (RpcException)
        {
            // Nothing is lost: the server frees an abandoned operation after some minutes.
        }
    }
}
