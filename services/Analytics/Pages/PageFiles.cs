using System.IO.Compression;
using System.Security.Cryptography;
using Ecom.Hosting;
using Microsoft.AspNetCore.StaticFiles;

namespace Ecom.Analytics.Pages;

/// <summary>What the pages load, out of this assembly. A file's address tells its content, so that a browser asks for it once.</summary>
public sealed class PageFiles
{
    const string Folder = "file/";
    const string Root = "/page";
    static readonly FileExtensionContentTypeProvider Types = new();
    readonly Dictionary<string, PageFile> files = typeof(PageFiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
        .Select(name => new PageFile(name[Folder.Length..])).ToDictionary(file => file.Name);

    /// <summary>The address of a file.</summary>
    public string this[string name] => $"{Root}/{files[name].Hash}/{name}";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Root + "/{hash}/{name}", (string hash, string name, PageFiles all, HttpContext http) => all.Send(hash, name, http)).ExcludeFromDescription().ForEveryone();

    IResult Send(string hash, string name, HttpContext http)
    {
        if (!files.TryGetValue(name, out var file) || file.Hash != hash)
            return Results.NotFound();
        var headers = http.Response.Headers;
        (headers.CacheControl, headers.Vary) = ("public, max-age=31536000, immutable", "Accept-Encoding");
        var isZipped = http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (isZipped)
            headers.ContentEncoding = "gzip";
        return Results.Bytes(isZipped ? file.Zipped.Value : file.Read(), file.Type);
    }

    sealed class PageFile
    {
        public PageFile(string name)
        {
            Name = name;
            Type = Types.TryGetContentType(name, out var type) ? type : "application/octet-stream";
            Hash = Convert.ToHexStringLower(SHA256.HashData(Read()))[..12];
            Zipped = new(() =>
            {
                using var zipped = new MemoryStream();
                using (var zip = new GZipStream(zipped, CompressionLevel.SmallestSize))
                    zip.Write(Read());
                return zipped.ToArray();
            });
        }

        public string Name { get; }
        public string Type { get; }
        public string Hash { get; }
        public Lazy<byte[]> Zipped { get; }

        public byte[] Read()
        {
            using var resource = typeof(PageFiles).Assembly.GetManifestResourceStream(Folder + Name)!;
            var bytes = new byte[resource.Length];
            resource.ReadExactly(bytes);
            return bytes;
        }
    }
}
