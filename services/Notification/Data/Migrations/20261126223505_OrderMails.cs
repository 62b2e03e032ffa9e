using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Notification.Data.Migrations
{
    /// <inheritdoc />
    public partial class OrderMails : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_notifications_order_id",
                schema: "notification_service",
                table: "notifications",
                column: "order_id",
                filter: "order_id IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_notifications_order_id",
                schema: "notification_service",
                table: "notifications");
        }
    }
}
