using System.Security.Cryptography;
using Ecom.Spark.Connect.Protocol;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Ecom.Spark.Connect.Wire;

/// <summary>A plan's name by what it says. The ids that a client numbers its tables with are counted anew from the top, as they differ from run to run.</summary>
internal static class PlanHash
{
    public static string Of(Relation plan)
    {
        var normal = plan.Clone();
        Normalise(normal, []);
        return Convert.ToHexStringLower(SHA256.HashData(normal.ToByteArray()));
    }

    static void Normalise(IMessage message, Dictionary<long, long> ids)
    {
        switch (message)
        {
            case RelationCommon common:
                common.PlanId = Renumber(common.PlanId);
                return;
            case Expression.Types.UnresolvedAttribute { HasPlanId: true } attribute:
                attribute.PlanId = Renumber(attribute.PlanId);
                return;
            case Read.Types.DataSource source:
                // Where rows come from, and how many at a time, is not what is made of them.
                source.Options.Clear();
                return;
        }
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder().Where(field => field.FieldType == FieldType.Message && !field.IsMap))
        {
            var value = field.Accessor.GetValue(message);
            foreach (var part in value as System.Collections.IEnumerable ?? new[] { value })
            {
                if (part is IMessage inner)
                    Normalise(inner, ids);
            }
        }

        long Renumber(long id) => ids.TryGetValue(id, out var number) ? number : ids[id] = ids.Count + 1;
    }
}
