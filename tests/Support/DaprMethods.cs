using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Ecom.Tests.Support;

/// <summary>The server side of the methods that the services call: Dapr.Protos has their messages, but only a client for them.</summary>
[BindServiceMethod(typeof(DaprMethods), nameof(Bind))]
public abstract class DaprMethods
{
    const string Service = "dapr.proto.runtime.v1.Dapr";

    public abstract Task<GetStateResponse> GetState(GetStateRequest request, ServerCallContext context);

    public abstract Task<Empty> SaveState(SaveStateRequest request, ServerCallContext context);

    public abstract Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context);

    public abstract Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest request, ServerCallContext context);

    public virtual Task<BulkPublishResponse> BulkPublishEventAlpha1(BulkPublishRequest request, ServerCallContext context) => BulkPublishEvent(request, context);

    public abstract Task<InvokeBindingResponse> InvokeBinding(InvokeBindingRequest request, ServerCallContext context);

    public static void Bind(ServiceBinderBase binder, DaprMethods? methods)
    {
        Add<GetStateRequest, GetStateResponse>(binder, nameof(GetState), methods is null ? null : methods.GetState);
        Add<SaveStateRequest, Empty>(binder, nameof(SaveState), methods is null ? null : methods.SaveState);
        Add<PublishEventRequest, Empty>(binder, nameof(PublishEvent), methods is null ? null : methods.PublishEvent);
        Add<BulkPublishRequest, BulkPublishResponse>(binder, nameof(BulkPublishEvent), methods is null ? null : methods.BulkPublishEvent);
        Add<BulkPublishRequest, BulkPublishResponse>(binder, nameof(BulkPublishEventAlpha1), methods is null ? null : methods.BulkPublishEventAlpha1);
        Add<InvokeBindingRequest, InvokeBindingResponse>(binder, nameof(InvokeBinding), methods is null ? null : methods.InvokeBinding);
    }

    static void Add<TRequest, TResponse>(ServiceBinderBase binder, string name, UnaryServerMethod<TRequest, TResponse>? method)
        where TRequest : class, IMessage<TRequest>, new() where TResponse : class, IMessage<TResponse>, new() =>
        binder.AddMethod(new Method<TRequest, TResponse>(MethodType.Unary, Service, name, Marshaller<TRequest>(), Marshaller<TResponse>()), method);

    static Marshaller<T> Marshaller<T>() where T : class, IMessage<T>, new() =>
        Marshallers.Create(message => message.ToByteArray(), bytes => new MessageParser<T>(() => new T()).ParseFrom(bytes));
}
