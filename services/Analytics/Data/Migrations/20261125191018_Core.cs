using Ecom.Hosting;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Analytics.Data.Migrations
{
    /// <inheritdoc />
    public partial class Core : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What was sent is gone, and signals and mails have rows of their own.
            migrationBuilder.Sql("DELETE FROM analytics_service.outbox_events WHERE sent_at IS NOT NULL OR topic IN ('saga.start', 'saga.fact', 'mail.send')");

            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "analytics_service",
                table: "outbox_events");

            migrationBuilder.RenameColumn(
                name: "sent_at",
                schema: "analytics_service",
                table: "outbox_events",
                newName: "parked_at");

            migrationBuilder.AddColumn<int>(
                name: "bytes",
                schema: "analytics_service",
                table: "outbox_events",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "analytics_service",
                table: "outbox_events",
                column: "id",
                filter: "parked_at IS NULL");

            migrationBuilder.Sql("UPDATE analytics_service.outbox_events SET bytes = octet_length(payload)");

            migrationBuilder.AnnounceAdded("analytics_service", "outbox_events");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "analytics_service",
                table: "outbox_events");

            migrationBuilder.DropColumn(
                name: "bytes",
                schema: "analytics_service",
                table: "outbox_events");

            migrationBuilder.RenameColumn(
                name: "parked_at",
                schema: "analytics_service",
                table: "outbox_events",
                newName: "sent_at");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "analytics_service",
                table: "outbox_events",
                column: "id",
                filter: "sent_at IS NULL");
        }
    }
}
