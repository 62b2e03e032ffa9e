using System;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Notification.Data.Migrations
{
    /// <inheritdoc />
    public partial class Core : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // What was sent is gone, and signals and mails have rows of their own.
            migrationBuilder.Sql("DELETE FROM notification_service.outbox_events WHERE sent_at IS NOT NULL OR topic IN ('saga.start', 'saga.fact', 'mail.send')");

            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "notification_service",
                table: "outbox_events");

            migrationBuilder.RenameColumn(
                name: "sent_at",
                schema: "notification_service",
                table: "outbox_events",
                newName: "parked_at");

            migrationBuilder.AddColumn<int>(
                name: "bytes",
                schema: "notification_service",
                table: "outbox_events",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "retry_at",
                schema: "notification_service",
                table: "notifications",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trace_parent",
                schema: "notification_service",
                table: "notifications",
                type: "text",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "notification_service",
                table: "outbox_events",
                column: "id",
                filter: "parked_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_notifications_pending",
                schema: "notification_service",
                table: "notifications",
                column: "created_at",
                filter: "status = 'PENDING'");

            // A user may have the id admin.
            migrationBuilder.Sql("UPDATE notification_service.notifications SET user_id = '(admin)' WHERE user_id = 'admin' AND kind IN ('low_stock', 'depleted', 'fraud')");
            migrationBuilder.Sql("UPDATE notification_service.outbox_events SET bytes = octet_length(payload)");

            migrationBuilder.AnnounceAdded("notification_service", "outbox_events");
            migrationBuilder.AnnounceAdded("notification_service", "notifications");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_outbox_events_unsent",
                schema: "notification_service",
                table: "outbox_events");

            migrationBuilder.DropIndex(
                name: "ix_notifications_pending",
                schema: "notification_service",
                table: "notifications");

            migrationBuilder.DropColumn(
                name: "bytes",
                schema: "notification_service",
                table: "outbox_events");

            migrationBuilder.DropColumn(
                name: "retry_at",
                schema: "notification_service",
                table: "notifications");

            migrationBuilder.DropColumn(
                name: "trace_parent",
                schema: "notification_service",
                table: "notifications");

            migrationBuilder.RenameColumn(
                name: "parked_at",
                schema: "notification_service",
                table: "outbox_events",
                newName: "sent_at");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_unsent",
                schema: "notification_service",
                table: "outbox_events",
                column: "id",
                filter: "sent_at IS NULL");
        }
    }
}
