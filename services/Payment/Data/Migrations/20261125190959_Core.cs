using System;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Payments.Data.Migrations
{
    /// <inheritdoc />
    public partial class Core : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What was sent is gone, and signals and mails have rows of their own.
            migrationBuilder.Sql("DELETE FROM payment_service.outbox_events WHERE sent_at IS NOT NULL OR topic IN ('saga.start', 'saga.fact', 'mail.send')");

            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "payment_service",
                table: "outbox_events");

            migrationBuilder.RenameColumn(
                name: "sent_at",
                schema: "payment_service",
                table: "outbox_events",
                newName: "parked_at");

            migrationBuilder.AddColumn<int>(
                name: "attempts",
                schema: "payment_service",
                table: "payments",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "cancel_reason",
                schema: "payment_service",
                table: "payments",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "causation_id",
                schema: "payment_service",
                table: "payments",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "correlation_id",
                schema: "payment_service",
                table: "payments",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<decimal>(
                name: "refunded_amount",
                schema: "payment_service",
                table: "payments",
                type: "numeric(12,2)",
                precision: 12,
                scale: 2,
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "retry_at",
                schema: "payment_service",
                table: "payments",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "settled_at",
                schema: "payment_service",
                table: "payments",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "token",
                schema: "payment_service",
                table: "payments",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trace_parent",
                schema: "payment_service",
                table: "payments",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "undone_at",
                schema: "payment_service",
                table: "payments",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "bytes",
                schema: "payment_service",
                table: "outbox_events",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "gateway_charges",
                schema: "payment_service",
                columns: table => new
                {
                    order_id = table.Column<string>(type: "text", nullable: false),
                    amount = table.Column<decimal>(type: "numeric(12,2)", precision: 12, scale: 2, nullable: false),
                    declined = table.Column<string>(type: "text", nullable: true),
                    voided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_gateway_charges", x => x.order_id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_payments_open",
                schema: "payment_service",
                table: "payments",
                column: "updated_at",
                filter: "status = 'PENDING' OR (status = 'PROCESSED' AND cancel_reason IS NOT NULL)");

            migrationBuilder.Sql("UPDATE payment_service.outbox_events SET bytes = octet_length(payload)");
            migrationBuilder.Sql("UPDATE payment_service.payments SET settled_at = CASE WHEN status IN ('PROCESSED', 'FAILED', 'REFUNDED') THEN updated_at END, undone_at = CASE WHEN status IN ('REFUNDED', 'CANCELLED') THEN updated_at END, refunded_amount = CASE status WHEN 'REFUNDED' THEN amount WHEN 'CANCELLED' THEN 0 END");
            migrationBuilder.Sql("INSERT INTO payment_service.gateway_charges (order_id, amount, voided_at) SELECT order_id, amount, undone_at FROM payment_service.payments WHERE status IN ('PROCESSED', 'REFUNDED')");

            migrationBuilder.AddCheckConstraint(
                name: "ck_payments_undone_at",
                schema: "payment_service",
                table: "payments",
                sql: "(undone_at IS NOT NULL) = (status IN ('REFUNDED', 'CANCELLED'))");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "payment_service",
                table: "outbox_events",
                column: "id",
                filter: "parked_at IS NULL");

            migrationBuilder.AnnounceAdded("payment_service", "outbox_events");
            migrationBuilder.AnnounceRows("payment_service", "payments", "order_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "gateway_charges",
                schema: "payment_service");

            migrationBuilder.DropIndex(
                name: "ix_payments_open",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropCheckConstraint(
                name: "ck_payments_undone_at",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "payment_service",
                table: "outbox_events");

            migrationBuilder.DropColumn(
                name: "attempts",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "cancel_reason",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "causation_id",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "correlation_id",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "refunded_amount",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "retry_at",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "settled_at",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "token",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "trace_parent",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "undone_at",
                schema: "payment_service",
                table: "payments");

            migrationBuilder.DropColumn(
                name: "bytes",
                schema: "payment_service",
                table: "outbox_events");

            migrationBuilder.RenameColumn(
                name: "parked_at",
                schema: "payment_service",
                table: "outbox_events",
                newName: "sent_at");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "payment_service",
                table: "outbox_events",
                column: "id",
                filter: "sent_at IS NULL");
        }
    }
}
