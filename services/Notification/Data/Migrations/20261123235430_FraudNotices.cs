using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Notifications.Migrations
{
    /// <inheritdoc />
    public partial class FraudNotices : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "fraud_notices",
                schema: "notification_service",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "text", nullable: false),
                    alert_type = table.Column<string>(type: "text", nullable: false),
                    medium_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    high_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    critical_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_fraud_notices", x => new { x.user_id, x.alert_type });
                    table.CheckConstraint("ck_fraud_notices_until", "critical_until <= high_until AND high_until <= medium_until");
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "fraud_notices",
                schema: "notification_service");
        }
    }
}
