using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ecom.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Ecom.Hosting;

/// <summary><c>/openapi.json</c> and <c>/docs</c>: the wire as it is, in the wire's names.</summary>
static class OpenApi
{
    const string Bearer = "bearer";
    const string IdPattern = "^[A-Za-z0-9._@-]+$";
    static readonly string[] IdFields = ["order_id", "user_id", "product_id", "payment_id"];

    public static IServiceCollection AddEcomOpenApi(this IServiceCollection services, string appId) => services.AddOpenApi(options => options
        .AddSchemaTransformer(Describe)
        .AddOperationTransformer(Describe)
        .AddDocumentTransformer((document, _, _) =>
        {
            (document.Info.Title, document.Info.Version) = (appId, ServiceIdentity.Version);
            document.Info.Description = "Money is a number with two decimal places, time is UTC. What is refused is said in problem details (RFC 9457), whose detail says in plain words what is wrong.";
            (document.Components ??= new()).SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "A customer's token, or the operators' key (ECOM_ADMIN_KEY). On this machine it is only needed where the shop was given one of the two." },
            };
            return Task.CompletedTask;
        }));

    /// <summary>The page is ours alone: no vendor's buttons, and nothing on it is fetched from, or told to, another server.</summary>
    public static void MapApiPages(this IEndpointRouteBuilder routes, string appId)
    {
        routes.MapOpenApi("/openapi.json").ForEveryone();
        routes.MapScalarApiReference("/docs", page => page
            .WithOpenApiRoutePattern("/openapi.json").WithTitle(appId)
            .DisableAgent().DisableMcp().DisableTelemetry().DisableDefaultFonts().HideClientButton().HideDeveloperTools()).ForEveryone();
    }

    /// <summary>What our converters write, of which the framework knows nothing.</summary>
    static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken ct)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var orNull = type == context.JsonTypeInfo.Type ? default : JsonSchemaType.Null;
        if (type == typeof(decimal))
            (schema.Type, schema.Format) = (JsonSchemaType.Number | orNull, "decimal");
        else if (type == typeof(DateTimeOffset))
            (schema.Type, schema.Format) = (JsonSchemaType.String | orNull, "date-time");
        else if (IdFields.Contains(context.JsonPropertyInfo?.Name))
            (schema.Pattern, schema.MaxLength) = (IdPattern, Ids.MaxLength);
        return Task.CompletedTask;
    }

    static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var route = context.Description.ActionDescriptor.EndpointMetadata;
        var document = context.Document!;
        var (body, answers) = (Schemas(operation.RequestBody?.Content), operation.Responses!.Values.SelectMany(answer => Schemas(answer.Content)));
        var sent = body.SelectMany(schema => Fields(schema, document)).ToList();
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            if (parameter.In is ParameterLocation.Query)
                parameter.Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Name!);
            if (parameter.Schema is not OpenApiSchema schema)
                continue;
            sent.Add((parameter.Name!, schema));
            if (parameter.In is not ParameterLocation.Query && schema.Type is { } type && type.HasFlag(JsonSchemaType.String))
                (schema.Pattern, schema.MaxLength) = (IdPattern, Ids.MaxLength);
        }

        foreach (var bounds in route.OfType<Bounds>())
            foreach (var (_, schema) in sent.Where(field => field.Name == bounds.Name))
                (schema.Minimum, schema.Maximum) = (bounds.Least.ToString(CultureInfo.InvariantCulture), bounds.Most?.ToString(CultureInfo.InvariantCulture));
        foreach (var known in route.OfType<KnownWords>())
            foreach (var (_, schema) in sent.Concat(answers.SelectMany(schema => Fields(schema, document))).Where(field => field.Name == known.Name))
                schema.Enum = [.. known.Words.Select(word => JsonValue.Create(word)), .. schema.Type is { } type && type.HasFlag(JsonSchemaType.Null) ? [JsonNullSentinel.JsonNull] : Array.Empty<JsonNode>()];
        if (operation.RequestBody is not null)
            foreach (var status in (int[])[StatusCodes.Status400BadRequest, StatusCodes.Status415UnsupportedMediaType])
                Refuse(status);
        if (context.Description.HttpMethod is not "GET")
            Refuse(StatusCodes.Status429TooManyRequests);
        if (route.OfType<IAuthorizeData>().Any())
            operation.Security = [new() { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
        return Task.CompletedTask;

        void Refuse(int status) => operation.Responses.TryAdd($"{status}", new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(status), Content = operation.Responses["422"].Content });
    }

    static IEnumerable<IOpenApiSchema> Schemas(IDictionary<string, OpenApiMediaType>? content) => content?.Values.Select(media => media.Schema).OfType<IOpenApiSchema>() ?? [];

    /// <summary>All named fields of a schema, at any depth.</summary>
    static IEnumerable<(string Name, OpenApiSchema Schema)> Fields(IOpenApiSchema schema, OpenApiDocument document)
    {
        if ((schema is OpenApiSchemaReference { Reference.Id: { } id } ? document.Components?.Schemas?[id] : schema) is not OpenApiSchema found)
            return [];
        var own = found.Properties?.Where(p => p.Value is OpenApiSchema).Select(p => (p.Key, (OpenApiSchema)p.Value)) ?? [];
        IEnumerable<IOpenApiSchema?> inner = [.. found.Properties?.Values ?? [], found.Items, .. found.OneOf ?? [], .. found.AnyOf ?? []];
        return [.. own, .. inner.OfType<IOpenApiSchema>().SelectMany(schema => Fields(schema, document))];
    }
}
