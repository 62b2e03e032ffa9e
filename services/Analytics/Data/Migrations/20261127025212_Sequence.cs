using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Analytics.Data.Migrations
{
    /// <inheritdoc />
    public partial class Sequence : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "sequence",
                schema: "analytics_service",
                table: "revenue_metrics",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "sequence",
                schema: "analytics_service",
                table: "operational_metrics",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "sequence",
                schema: "analytics_service",
                table: "inventory_velocity",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "sequence",
                schema: "analytics_service",
                table: "fraud_alerts",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "sequence",
                schema: "analytics_service",
                table: "cart_abandonment",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "sequence",
                schema: "analytics_service",
                table: "revenue_metrics");

            migrationBuilder.DropColumn(
                name: "sequence",
                schema: "analytics_service",
                table: "operational_metrics");

            migrationBuilder.DropColumn(
                name: "sequence",
                schema: "analytics_service",
                table: "inventory_velocity");

            migrationBuilder.DropColumn(
                name: "sequence",
                schema: "analytics_service",
                table: "fraud_alerts");

            migrationBuilder.DropColumn(
                name: "sequence",
                schema: "analytics_service",
                table: "cart_abandonment");
        }
    }
}
