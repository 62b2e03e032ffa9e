using System.Net.Http.Headers;
using Ecom.Hosting;
using Ecom.Sidecar;

namespace Ecom.Tool;

/// <summary>The operators' key of the shop.</summary>
static class AdminKey
{
    const string FileName = "admin-key";

    /// <summary>Null where the shop has none, or nobody told it.</summary>
    public static AuthenticationHeaderValue? Of(Addresses addresses) => addresses.Secret(Operators.Setting, FileName) is { } key ? new("Bearer", key) : null;

    /// <summary>An embedded shop's, for the verbs of another terminal.</summary>
    public static void Leave(string folder)
    {
        if (Setting.Text(Operators.Setting) is { } key)
            TokenFile.Write(folder, key, FileName);
        else
            File.Delete(Path.Combine(folder, FileName));
    }
}
