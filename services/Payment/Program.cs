using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Payments;

var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Payment);
builder.AddEcomDb<PaymentDb>(AppIds.Payment);
builder.Services.AddSingleton<IPaymentGateway>(new SimulatedGateway(builder.Configuration.Number("PAYMENT_SUCCESS_RATE", 0.8, 0, 1)));

var app = builder.Build();
app.MapEcomDefaults();
app.MapPayments();
return await app.RunEcom<PaymentDb>(args);
