using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Payments;
using Ecom.Payments.Gateway;

if (args is [SelfCheck.Argument])
    return await SelfCheck.Run();
var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Payment);
builder.AddEcomDb<PaymentDb>(AppIds.Payment);
builder.Services
    .AddSingleton(new GatewayOptions(
        SuccessRate: builder.Configuration.Number("PAYMENT_SUCCESS_RATE", 0.8, 0, 1),
        FaultRate: builder.Configuration.Number("GATEWAY_FAULT_RATE", 0, 0, 1)))
    .AddSingleton<GatewayBook>()
    .AddSingleton<IPaymentGateway, SimulatedGateway>();
builder.AddQueue<AskGateway, PaymentDb>();

var app = builder.Build();
app.MapEcomDefaults();
app.MapPayments();
return await app.RunEcom<PaymentDb>(args);
