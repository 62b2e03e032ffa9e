using System.Net;
using System.Text;

namespace Ecom.Tests.EndToEnd;

static class ForgedEvents
{
    /// <summary>An event that payment-service takes from its sidecar, sent by somebody else.</summary>
    public static async Task<HttpStatusCode> Forge(this HttpClient http, string address, string orderId)
    {
        using var body = new StringContent(
            $$$"""{"specversion":"1.0","id":"{{{orderId}}}","source":"order-service","type":"order.created","time":"2026-01-02T12:00:00Z","datacontenttype":"application/json","data":{"order_id":"{{{orderId}}}","user_id":"u1","items":[{"product_id":"PROD-001","quantity":1,"price":1.00,"item_total":1.00}],"total_amount":1.00}}""",
            Encoding.UTF8, "application/cloudevents+json");
        // As written: a client library would tidy the path up first.
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = body };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
