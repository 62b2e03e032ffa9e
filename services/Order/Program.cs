using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders;
using Ecom.Orders.Saga;
using Grpc.Net.ClientFactory;

if (args is [SelfCheck.Argument])
    return await SelfCheck.Run();
var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Order);
builder.AddEcomDb<OrderDb>(AppIds.Order);
builder.Services
    .AddSingleton(new SagaOptions(builder.Configuration.Seconds("SAGA_TIMEOUT_SECONDS", 300)))
    .AddSingleton(FollowOptions.Of(builder.Configuration))
    .AddSingleton<OrderWatch>().AddSingleton<OrderStatuses>()
    .AddSingleton<TellSaga>().AddHostedService(services => services.GetRequiredService<TellSaga>())
    .AddSingleton<Parties>().AddSingleton<OrderMetrics>().AddScoped<Decisions>().AddHostedService<OwedMetrics>()
    // The workflows' own options do not pass this on, and set their own: this comes after them.
    .PostConfigureAll<GrpcClientFactoryOptions>(client => client.ChannelOptionsActions.Add(channel => Defaults.ToSidecar(channel)))
    .AddDaprWorkflow(workflows =>
    {
        workflows.RegisterWorkflow<OrderSaga>();
        workflows.RegisterActivity<ConfirmOrder>();
        workflows.RegisterActivity<FulfilOrder>();
        workflows.RegisterActivity<CancelOrder>();
        workflows.RegisterActivity<CloseOrder>();
    });
builder.AddQueue<Reconciler, OrderDb>();

var app = builder.Build();
app.MapEcomDefaults();
app.MapOrders();
return await app.RunEcom<OrderDb>(args);
