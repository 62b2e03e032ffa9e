using System;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Ecom.Analytics.Data.Migrations
{
    /// <inheritdoc />
    public partial class Journal : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "journal",
                schema: "analytics_service",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    event_id = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    topic = table.Column<string>(type: "text", nullable: false),
                    time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    key = table.Column<string>(type: "text", nullable: true),
                    order_id = table.Column<string>(type: "text", nullable: true),
                    user_id = table.Column<string>(type: "text", nullable: true),
                    correlation_id = table.Column<string>(type: "text", nullable: true),
                    cause_id = table.Column<string>(type: "text", nullable: true),
                    trace_parent = table.Column<string>(type: "text", nullable: true),
                    summary = table.Column<string>(type: "text", nullable: false),
                    data = table.Column<string>(type: "text", nullable: true),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_journal", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "shop_orders",
                schema: "analytics_service",
                columns: table => new
                {
                    order_id = table.Column<string>(type: "text", nullable: false),
                    user_id = table.Column<string>(type: "text", nullable: true),
                    state = table.Column<string>(type: "text", nullable: false),
                    total_amount = table.Column<decimal>(type: "numeric(12,2)", precision: 12, scale: 2, nullable: true),
                    items = table.Column<int>(type: "integer", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    cancellation_source = table.Column<string>(type: "text", nullable: true),
                    placed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    correlation_id = table.Column<string>(type: "text", nullable: true),
                    trace_parent = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_shop_orders", x => x.order_id);
                    table.CheckConstraint("ck_shop_orders_state", "state IN ('PENDING', 'PAID', 'FULFILLED', 'CANCELLED')");
                });

            migrationBuilder.CreateIndex(
                name: "ix_journal_correlation_id",
                schema: "analytics_service",
                table: "journal",
                column: "correlation_id",
                filter: "order_id IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_journal_event_id_source",
                schema: "analytics_service",
                table: "journal",
                columns: new[] { "event_id", "source" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_journal_order_id",
                schema: "analytics_service",
                table: "journal",
                column: "order_id",
                filter: "order_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_shop_orders_placed_at_order_id",
                schema: "analytics_service",
                table: "shop_orders",
                columns: new[] { "placed_at", "order_id" });

            migrationBuilder.CreateIndex(
                name: "ix_shop_orders_state_placed_at_order_id",
                schema: "analytics_service",
                table: "shop_orders",
                columns: new[] { "state", "placed_at", "order_id" });

            migrationBuilder.CreateIndex(
                name: "ix_shop_orders_updated_at",
                schema: "analytics_service",
                table: "shop_orders",
                column: "updated_at");

            migrationBuilder.CreateIndex(
                name: "ix_shop_orders_user_id_placed_at",
                schema: "analytics_service",
                table: "shop_orders",
                columns: new[] { "user_id", "placed_at" });

            foreach (var table in (string[])["journal", "shop_orders", "revenue_metrics", "fraud_alerts", "cart_abandonment", "inventory_velocity", "operational_metrics"])
                migrationBuilder.AnnounceAdded("analytics_service", table);
            migrationBuilder.AnnounceRows("analytics_service", "dead_letters", "id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "journal",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "shop_orders",
                schema: "analytics_service");
        }
    }
}
