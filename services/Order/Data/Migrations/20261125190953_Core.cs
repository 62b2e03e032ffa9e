using System;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Orders.Data.Migrations
{
    /// <inheritdoc />
    public partial class Core : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What was sent is gone, and signals and mails have rows of their own.
            migrationBuilder.Sql("DELETE FROM order_service.outbox_events WHERE sent_at IS NOT NULL OR topic IN ('saga.start', 'saga.fact', 'mail.send')");

            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "order_service",
                table: "outbox_events");

            migrationBuilder.DropIndex(
                name: "ix_orders_open",
                schema: "order_service",
                table: "orders");

            migrationBuilder.RenameColumn(
                name: "sent_at",
                schema: "order_service",
                table: "outbox_events",
                newName: "parked_at");

            migrationBuilder.AddColumn<int>(
                name: "bytes",
                schema: "order_service",
                table: "outbox_events",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "asked_at",
                schema: "order_service",
                table: "orders",
                type: "timestamp with time zone",
                nullable: false,
                defaultValue: new DateTimeOffset(new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified), new TimeSpan(0, 0, 0, 0, 0)));

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "cancelled_at",
                schema: "order_service",
                table: "orders",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "confirmed_at",
                schema: "order_service",
                table: "orders",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "looked_at",
                schema: "order_service",
                table: "orders",
                type: "timestamp with time zone",
                nullable: false,
                defaultValue: new DateTimeOffset(new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified), new TimeSpan(0, 0, 0, 0, 0)));

            migrationBuilder.AddColumn<string>(
                name: "payment_token",
                schema: "order_service",
                table: "orders",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trace_parent",
                schema: "order_service",
                table: "orders",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "waited_ms",
                schema: "order_service",
                table: "orders",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "order_service",
                table: "outbox_events",
                column: "id",
                filter: "parked_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_orders_open",
                schema: "order_service",
                table: "orders",
                column: "looked_at",
                filter: "closed_at IS NULL");

            migrationBuilder.Sql("UPDATE order_service.outbox_events SET bytes = octet_length(payload)");
            migrationBuilder.Sql("UPDATE order_service.orders SET looked_at = updated_at, asked_at = updated_at, confirmed_at = CASE WHEN status IN ('PAID', 'FULFILLED') THEN updated_at END, cancelled_at = CASE WHEN status = 'CANCELLED' THEN updated_at END");

            migrationBuilder.AnnounceAdded("order_service", "outbox_events");
            migrationBuilder.AnnounceRows("order_service", "orders", "order_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "order_service",
                table: "outbox_events");

            migrationBuilder.DropIndex(
                name: "ix_orders_open",
                schema: "order_service",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "bytes",
                schema: "order_service",
                table: "outbox_events");

            migrationBuilder.DropColumn(
                name: "asked_at",
                schema: "order_service",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "cancelled_at",
                schema: "order_service",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "confirmed_at",
                schema: "order_service",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "looked_at",
                schema: "order_service",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "payment_token",
                schema: "order_service",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "trace_parent",
                schema: "order_service",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "waited_ms",
                schema: "order_service",
                table: "orders");

            migrationBuilder.RenameColumn(
                name: "parked_at",
                schema: "order_service",
                table: "outbox_events",
                newName: "sent_at");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "order_service",
                table: "outbox_events",
                column: "id",
                filter: "sent_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_orders_open",
                schema: "order_service",
                table: "orders",
                column: "created_at",
                filter: "closed_at IS NULL");
        }
    }
}
