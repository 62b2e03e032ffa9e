using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders;
using Ecom.Orders.Saga;

var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Order);
builder.AddEcomDb<OrderDb>(AppIds.Order);
builder.Services
    .AddSingleton(new SagaOptions(builder.Configuration.Seconds("SAGA_TIMEOUT_SECONDS", 300)))
    .AddSingleton<OrderWatch>()
    .AddSingleton<IOutboxSink, SagaSink>()
    .AddHostedService<Reconciler>()
    .AddDaprWorkflow(workflows =>
    {
        workflows.RegisterWorkflow<OrderSaga>();
        workflows.RegisterActivity<ConfirmOrder>();
        workflows.RegisterActivity<FulfilOrder>();
        workflows.RegisterActivity<CancelOrder>();
        workflows.RegisterActivity<CloseOrder>();
    });

var app = builder.Build();
app.MapEcomDefaults();
app.MapOrders();
return await app.RunEcom<OrderDb>(args);
