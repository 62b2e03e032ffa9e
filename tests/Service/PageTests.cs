using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;

namespace Ecom.Tests.Service;

/// <summary>The page's document and the files that it names, as they come from the service's assembly.</summary>
public sealed partial class PageTests(OneOfEach services)
{
    const int FirstView = 300_000;

    [Fact]
    public async Task The_document_names_files_that_are_there_and_stay_as_they_are()
    {
        var service = await services.Get("Analytics");
        var document = await service.Http.GetByteArrayAsync("/");
        string[] files = [.. Loaded().Matches(System.Text.Encoding.UTF8.GetString(document)).Select(match => match.Groups[1].Value).Distinct()];
        var weight = document.Length;

        files.Select(Path.GetFileName).ShouldBe(["icon.svg", "MudBlazor.min.css", "page.css", "views.css", "page.js", "MudBlazor.min.js", "blazor.web.js"], ignoreOrder: true);
        foreach (var file in files)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, file) { Headers = { { "Accept-Encoding", "gzip" } } };
            using var packed = await service.Http.SendAsync(request);
            var bytes = await packed.Content.ReadAsByteArrayAsync();
            weight += bytes.Length;
            packed.Headers.CacheControl!.ToString().ShouldBe("public, max-age=31536000, immutable", file);
            using var unpacked = new MemoryStream();
            using (var zip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress))
                await zip.CopyToAsync(unpacked);
            (await service.Http.GetByteArrayAsync(file)).ShouldBe(unpacked.ToArray(), file);
        }
        weight.ShouldBeLessThan(FirstView);
    }

    [Theory]
    [InlineData("/page/000000000000/page.css")]
    [InlineData("/page/x/..%2fpage.css")]
    [InlineData("/page/x/nothing")]
    [InlineData("/board/nothing")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        var service = await services.Get("Analytics");

        (await service.Http.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("http://evil.example")]
    [InlineData("null")]
    public async Task A_socket_of_another_origin_is_refused(string origin)
    {
        var service = await services.Get("Analytics");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/_blazor") { Headers = { { "Connection", "Upgrade" }, { "Upgrade", "websocket" }, { "Sec-WebSocket-Version", "13" }, { "Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw==" }, { "Origin", origin } } };

        (await service.Http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [GeneratedRegex("(?:href|src)=\"(/page/[^\"]+)\"")]
    private static partial Regex Loaded();
}
