using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Ecom.Analytics.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "analytics_service");

            migrationBuilder.CreateTable(
                name: "cart_abandonment",
                schema: "analytics_service",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "text", nullable: false),
                    product_id = table.Column<string>(type: "text", nullable: false),
                    item_added_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    detected_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    as_of = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_cart_abandonment", x => new { x.user_id, x.product_id, x.item_added_time });
                    table.CheckConstraint("ck_cart_abandonment_detected_at", "detected_at >= item_added_time");
                });

            migrationBuilder.CreateTable(
                name: "dead_letters",
                schema: "analytics_service",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    letter_id = table.Column<string>(type: "text", nullable: false),
                    original_topic = table.Column<string>(type: "text", nullable: false),
                    event_id = table.Column<string>(type: "text", nullable: true),
                    error_reason = table.Column<string>(type: "text", nullable: false),
                    error_type = table.Column<string>(type: "text", nullable: false),
                    retry_count = table.Column<int>(type: "integer", nullable: false),
                    timestamp = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    subscriber = table.Column<string>(type: "text", nullable: false),
                    payload = table.Column<string>(type: "text", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    replayed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    replay_count = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dead_letters", x => x.id);
                    table.CheckConstraint("ck_dead_letters_replayed_at", "(replay_count > 0) = (replayed_at IS NOT NULL)");
                    table.CheckConstraint("ck_dead_letters_retry_count", "retry_count >= 0");
                });

            migrationBuilder.CreateTable(
                name: "fraud_alerts",
                schema: "analytics_service",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "text", nullable: false),
                    alert_type = table.Column<string>(type: "text", nullable: false),
                    window_start = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    window_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    severity = table.Column<string>(type: "text", nullable: false),
                    details = table.Column<string>(type: "text", nullable: false),
                    order_id = table.Column<string>(type: "text", nullable: true),
                    as_of = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_fraud_alerts", x => new { x.user_id, x.alert_type, x.window_start });
                    table.CheckConstraint("ck_fraud_alerts_value", "severity IN ('CRITICAL', 'HIGH', 'MEDIUM')");
                    table.CheckConstraint("ck_fraud_alerts_window", "window_end > window_start");
                });

            migrationBuilder.CreateTable(
                name: "inventory_velocity",
                schema: "analytics_service",
                columns: table => new
                {
                    product_id = table.Column<string>(type: "text", nullable: false),
                    window_start = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    window_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    units_sold = table.Column<long>(type: "bigint", nullable: false),
                    revenue = table.Column<decimal>(type: "numeric(12,2)", precision: 12, scale: 2, nullable: false),
                    as_of = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_inventory_velocity", x => new { x.product_id, x.window_start });
                    table.CheckConstraint("ck_inventory_velocity_value", "units_sold >= 0");
                    table.CheckConstraint("ck_inventory_velocity_window", "window_end > window_start");
                });

            migrationBuilder.CreateTable(
                name: "operational_metrics",
                schema: "analytics_service",
                columns: table => new
                {
                    metric_name = table.Column<string>(type: "text", nullable: false),
                    topic = table.Column<string>(type: "text", nullable: false),
                    window_start = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    window_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    value = table.Column<decimal>(type: "numeric(18,4)", precision: 18, scale: 4, nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    as_of = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_operational_metrics", x => new { x.metric_name, x.topic, x.window_start });
                    table.CheckConstraint("ck_operational_metrics_value", "status IN ('HEALTHY', 'WARNING', 'CRITICAL')");
                    table.CheckConstraint("ck_operational_metrics_window", "window_end > window_start");
                });

            migrationBuilder.CreateTable(
                name: "outbox_events",
                schema: "analytics_service",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    event_id = table.Column<string>(type: "text", nullable: false),
                    topic = table.Column<string>(type: "text", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    payload = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    retry_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outbox_events", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "processed_events",
                schema: "analytics_service",
                columns: table => new
                {
                    event_id = table.Column<string>(type: "text", nullable: false),
                    topic = table.Column<string>(type: "text", nullable: false),
                    processed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_processed_events", x => new { x.event_id, x.topic });
                });

            migrationBuilder.CreateTable(
                name: "revenue_metrics",
                schema: "analytics_service",
                columns: table => new
                {
                    window_start = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    window_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    total_revenue = table.Column<decimal>(type: "numeric(12,2)", precision: 12, scale: 2, nullable: false),
                    order_count = table.Column<long>(type: "bigint", nullable: false),
                    avg_order_value = table.Column<decimal>(type: "numeric(12,2)", precision: 12, scale: 2, nullable: false),
                    as_of = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_revenue_metrics", x => x.window_start);
                    table.CheckConstraint("ck_revenue_metrics_value", "order_count >= 0");
                    table.CheckConstraint("ck_revenue_metrics_window", "window_end > window_start");
                });

            migrationBuilder.CreateIndex(
                name: "ix_cart_abandonment_item_added_time",
                schema: "analytics_service",
                table: "cart_abandonment",
                column: "item_added_time");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_letter_id",
                schema: "analytics_service",
                table: "dead_letters",
                column: "letter_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_open",
                schema: "analytics_service",
                table: "dead_letters",
                column: "id",
                filter: "replayed_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_original_topic_id",
                schema: "analytics_service",
                table: "dead_letters",
                columns: new[] { "original_topic", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_fraud_alerts_window_start",
                schema: "analytics_service",
                table: "fraud_alerts",
                column: "window_start");

            migrationBuilder.CreateIndex(
                name: "ix_inventory_velocity_window_start",
                schema: "analytics_service",
                table: "inventory_velocity",
                column: "window_start");

            migrationBuilder.CreateIndex(
                name: "ix_operational_metrics_window_start",
                schema: "analytics_service",
                table: "operational_metrics",
                column: "window_start");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "analytics_service",
                table: "outbox_events",
                column: "id",
                filter: "sent_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_processed_events_processed_at",
                schema: "analytics_service",
                table: "processed_events",
                column: "processed_at");

            migrationBuilder.CreateIndex(
                name: "ix_revenue_metrics_window_start",
                schema: "analytics_service",
                table: "revenue_metrics",
                column: "window_start");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "cart_abandonment",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "dead_letters",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "fraud_alerts",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "inventory_velocity",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "operational_metrics",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "outbox_events",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "processed_events",
                schema: "analytics_service");

            migrationBuilder.DropTable(
                name: "revenue_metrics",
                schema: "analytics_service");
        }
    }
}
