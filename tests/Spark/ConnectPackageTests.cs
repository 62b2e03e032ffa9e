using System.IO.Compression;
using System.Xml.Linq;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectPackageTests(SparkWorld world)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>As such programs are written; only the namespace is another.</summary>
    const string ForMicrosoftSpark = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using Microsoft.Spark.Sql;
        using Microsoft.Spark.Sql.Expressions;
        using Microsoft.Spark.Sql.Streaming;
        using Microsoft.Spark.Sql.Types;
        using F = Microsoft.Spark.Sql.Functions;
        using static Microsoft.Spark.Sql.Functions;

        SparkSession spark = SparkSession.Builder().AppName("words").Config("spark.sql.shuffle.partitions", "2").GetOrCreate();

        var schema = new StructType(new List<StructField>() { new StructField("name", new StringType()), new StructField("age", new IntegerType()) });
        DataFrame people = spark.CreateDataFrame(
            new List<GenericRow> { new GenericRow(new object[] { "Ada", 36 }), new GenericRow(new object[] { "Edsger", null }), new GenericRow(new object[] { "Grace", 85 }) },
            schema);
        people.PrintSchema();
        Console.WriteLine(people.Schema().SimpleString);
        people.Select(people["name"], people["age"] + 1).Show();
        people.Filter(people["age"] > 21).Select("name", "age").Show(10, 0, false);
        people.GroupBy("name").Agg(Avg(people["age"]), CountDistinct(people["age"], people["name"])).OrderBy("name").Show();
        people.Na().Fill(-1, new[] { "age" }).Filter(Col("name").StartsWith("E")).Show();
        people.Join(people.Select("name"), "name").Union(people).Distinct().WithColumn("where", Lit("here")).Drop("where").CreateOrReplaceTempView("people");
        Row oldest = spark.Sql("SELECT name FROM people ORDER BY age DESC").First();
        Console.WriteLine("oldest " + oldest.GetAs<string>("name") + " of " + people.Count());

        WindowSpec byAge = Microsoft.Spark.Sql.Expressions.Window.OrderBy(Col("age").Desc());
        IEnumerable<Row> ranked = people.Filter(Col("age").IsNotNull()).Select(Col("name"), F.RowNumber().Over(byAge).As("place")).Collect();
        foreach (Row row in ranked)
            Console.WriteLine("place " + row.Get("place") + " " + row.Get(0));

        DataFrame lines = spark.ReadStream().Format("rate-micro-batch").Option("rowsPerBatch", 4).Load().WithColumn("line", Lit("a b a"));
        DataFrame words = lines.Select(Explode(Split(lines["line"], " ")).Alias("word"));
        StreamingQuery query = words.GroupBy("word").Count().WriteStream().OutputMode("complete").Format("memory").QueryName("counts").Trigger(Trigger.Once()).Start();
        query.AwaitTermination();
        Console.WriteLine("words " + string.Join(",", spark.Table("counts").OrderBy("word").Collect().Select(row => row.GetAs<string>("word"))));
        spark.Stop();
        """;

    [Fact]
    public async Task A_program_for_Microsoft_Spark_runs_on_the_package_with_another_namespace()
    {
        using var folder = new TempFolder("spark-package");
        var environment = OwnPackages.In(folder);
        environment["SPARK_REMOTE"] = world.Remote;
        _ = world.Session;

        await Dotnet(Repository.Root, ["pack", "spark/Connect", "--no-build", "-c", Configuration, "-o", folder.File("packages")]);
        ShouldBeGood(folder);

        folder.Write("program/nuget.config", """<configuration><packageSources><add key="own" value="../packages" /></packageSources></configuration>""");
        folder.Write("program/program.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup><PackageReference Include="EcomDapr.Spark.Connect" Version="*" /></ItemGroup>
            </Project>
            """);
        folder.Write("program/Program.cs", ForMicrosoftSpark.Replace("Microsoft.Spark.Sql", "Ecom.Spark.Connect"));
        var printed = await Dotnet(folder.File("program"), ["run"]);

        foreach (var expected in (string[])["|-- age: integer (nullable = true)", "|Ada  |36 |", "|Edsger| -1|", "oldest Grace of 3", "place 1 Grace", "place 2 Ada", "words a,b"])
            printed.ShouldContain(expected);

        Task<string> Dotnet(string where, string[] arguments) => ChildProcess.Run("dotnet", arguments, environment, where, Patience);
    }

    static void ShouldBeGood(TempFolder folder)
    {
        var package = Directory.GetFiles(folder.File("packages"), "EcomDapr.Spark.Connect.*.nupkg").ShouldHaveSingleItem();
        Directory.GetFiles(folder.File("packages"), "EcomDapr.Spark.Connect.*.snupkg").ShouldHaveSingleItem();
        using var zip = ZipFile.OpenRead(package);
        string[] needed = ["README.md", "lib/net10.0/Ecom.Spark.Connect.dll", "lib/net10.0/Ecom.Spark.Connect.xml"];
        zip.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/") || name == "README.md").ShouldBe(needed, ignoreOrder: true);
        var about = XDocument.Load(zip.Entries.Single(entry => entry.Name.EndsWith(".nuspec")).Open()).Root!;
        string Of(string name) => about.Descendants().First(element => element.Name.LocalName == name).Value;
        (Of("license"), Of("readme"), Of("id")).ShouldBe(("MIT", "README.md", "EcomDapr.Spark.Connect"));
        Of("description").ShouldNotBeEmpty();
        var dependencies = about.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value).ToList();
        string[] direct = ["Apache.Arrow", "Google.Protobuf", "Grpc.Net.Client"];
        direct.Except(dependencies).ShouldBeEmpty();
        dependencies.ShouldNotContain("Grpc.Tools");
    }

    static string Configuration =>
#if DEBUG
        "Debug";
#else
        "Release";
#endif
}
