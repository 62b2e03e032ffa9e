using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Notification.Data.Migrations
{
    /// <inheritdoc />
    public partial class FailedMails : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_notifications_failed",
                schema: "notification_service",
                table: "notifications",
                column: "notification_id",
                filter: "status = 'FAILED'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_notifications_failed",
                schema: "notification_service",
                table: "notifications");
        }
    }
}
