using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

public class EmbeddedSidecars : Sidecars
{
    readonly LocalNetwork? network;
    EmbeddedHost? host;

    public EmbeddedSidecars()
        : this(null)
    {
    }

    protected EmbeddedSidecars(LocalNetwork? network)
        : base(network) => this.network = network;

    public override int HttpPort => host!.App(Id).HttpPort;

    public override int GrpcPort => host!.App(Id).GrpcPort;

    public override async Task<IReadOnlyList<ReceivedMail>> Mails()
    {
        using var http = new HttpClient();
        var mails = await http.GetFromJsonAsync<JsonArray>($"http://127.0.0.1:{host!.MailPort}/email");
        return [.. mails!.Select(m => new ReceivedMail((string)m!["from"]![0]!["address"]!, [.. m["to"]!.AsArray().Select(a => (string)a!["address"]!)], (string)m["subject"]!, (string)m["html"]!, (string)m["text"]!))];
    }

    protected override async Task Open()
    {
        Component("pubsub", "pubsub.sqlite", null, ("protectedTopics", "guarded"));
        Component("store", "state.sqlite");
        Component("rows", "state.sqlite");
        Component("flows", "state.sqlite", Id, ("actorStateStore", "true"));
        Component("hidden", "state.sqlite", OtherId);
        Component("mail", "bindings.smtp");
        Component("secrets", "secretstores.local.env", null, ("prefix", SecretPrefix));
        host = await EmbeddedHost.Start(new EmbeddedHostOptions
        {
            Run = new RunFile([new AppSpec { AppId = Id, AppPort = App.Port }, new AppSpec { AppId = OtherId, AppPort = Other.Port }]),
            ResourcesPath = Folder.File("resources"),
            DataFolder = Folder.File("data"),
            FreePorts = true,
            ApiToken = Token,
            AppToken = AppToken,
            Network = network,
        });
    }

    protected override async Task Close()
    {
        if (host is not null)
            await host.DisposeAsync();
    }
}

/// <summary>Apps in the host's process, without sockets between them and their sidecars.</summary>
public sealed class EmbeddedWithoutSockets() : EmbeddedSidecars(new LocalNetwork());
