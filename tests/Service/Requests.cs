using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ecom.Tests.Service;

/// <summary>Raw requests and what must be true of every refusal.</summary>
static class Requests
{
    public static async Task<(HttpStatusCode Status, JsonNode Body)> Send(this HttpClient http, string method, string path, string? body = null, string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        // As written: a client library would tidy the path up first.
        var uri = new Uri(http.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new(method), uri);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        answer.Content.Headers.ContentType?.MediaType.ShouldBe((int)answer.StatusCode < 400 ? "application/json" : "application/problem+json", $"{method} {path}: {answer.StatusCode} {text}");
        return (answer.StatusCode, JsonNode.Parse(text)!);
    }

    /// <summary>Refused with a problem that says what is wrong in plain words.</summary>
    public static async Task<JsonNode> ShouldRefuse(this HttpClient http, int status, string method, string path, string? body = null, string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        var (code, problem) = await http.Send(method, path, body, contentType, headers);
        ((int)code).ShouldBe(status, $"{method} {path} {(body?.Length > 200 ? body[..200] : body)}: {problem}");
        ((string?)problem["detail"]).ShouldNotBeNullOrWhiteSpace(problem.ToJsonString());
        ((int?)problem["status"]).ShouldBe(status);
        return problem;
    }
}
