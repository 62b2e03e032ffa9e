using Ecom.Hosting;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Inventory.Data.Migrations
{
    /// <inheritdoc />
    public partial class Core : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What was sent is gone, and signals and mails have rows of their own.
            migrationBuilder.Sql("DELETE FROM inventory_service.outbox_events WHERE sent_at IS NOT NULL OR topic IN ('saga.start', 'saga.fact', 'mail.send')");

            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "inventory_service",
                table: "outbox_events");

            migrationBuilder.RenameColumn(
                name: "sent_at",
                schema: "inventory_service",
                table: "outbox_events",
                newName: "parked_at");

            migrationBuilder.AddColumn<int>(
                name: "bytes",
                schema: "inventory_service",
                table: "outbox_events",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "available",
                schema: "inventory_service",
                table: "order_reservations",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "lacking_product_id",
                schema: "inventory_service",
                table: "order_reservations",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "requested",
                schema: "inventory_service",
                table: "order_reservations",
                type: "integer",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "inventory_service",
                table: "outbox_events",
                column: "id",
                filter: "parked_at IS NULL");

            migrationBuilder.Sql("UPDATE inventory_service.outbox_events SET bytes = octet_length(payload)");

            migrationBuilder.AnnounceAdded("inventory_service", "outbox_events");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "inventory_service",
                table: "outbox_events");

            migrationBuilder.DropColumn(
                name: "bytes",
                schema: "inventory_service",
                table: "outbox_events");

            migrationBuilder.DropColumn(
                name: "available",
                schema: "inventory_service",
                table: "order_reservations");

            migrationBuilder.DropColumn(
                name: "lacking_product_id",
                schema: "inventory_service",
                table: "order_reservations");

            migrationBuilder.DropColumn(
                name: "requested",
                schema: "inventory_service",
                table: "order_reservations");

            migrationBuilder.RenameColumn(
                name: "parked_at",
                schema: "inventory_service",
                table: "outbox_events",
                newName: "sent_at");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "inventory_service",
                table: "outbox_events",
                column: "id",
                filter: "sent_at IS NULL");
        }
    }
}
