using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ecom.Analytics.Data.Migrations
{
    /// <inheritdoc />
    public partial class Letters : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_dead_letters_open",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.AddColumn<int>(
                name: "failures",
                schema: "analytics_service",
                table: "dead_letters",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "settled_at",
                schema: "analytics_service",
                table: "dead_letters",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "status",
                schema: "analytics_service",
                table: "dead_letters",
                type: "text",
                nullable: false,
                defaultValue: "OPEN");

            // What became of these nobody has told.
            migrationBuilder.Sql("UPDATE analytics_service.dead_letters SET status = 'REPLAYING' WHERE replayed_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_open",
                schema: "analytics_service",
                table: "dead_letters",
                column: "id",
                filter: "status = 'OPEN'");

            migrationBuilder.AddCheckConstraint(
                name: "ck_dead_letters_failures",
                schema: "analytics_service",
                table: "dead_letters",
                sql: "failures >= 1");

            migrationBuilder.AddCheckConstraint(
                name: "ck_dead_letters_settled_at",
                schema: "analytics_service",
                table: "dead_letters",
                sql: "(settled_at IS NOT NULL) = (status IN ('APPLIED', 'DISCARDED'))");

            migrationBuilder.AddCheckConstraint(
                name: "ck_dead_letters_status",
                schema: "analytics_service",
                table: "dead_letters",
                sql: "status IN ('OPEN', 'REPLAYING', 'APPLIED', 'DISCARDED')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_dead_letters_open",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.DropCheckConstraint(
                name: "ck_dead_letters_failures",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.DropCheckConstraint(
                name: "ck_dead_letters_settled_at",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.DropCheckConstraint(
                name: "ck_dead_letters_status",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.DropColumn(
                name: "failures",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.DropColumn(
                name: "settled_at",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.DropColumn(
                name: "status",
                schema: "analytics_service",
                table: "dead_letters");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_open",
                schema: "analytics_service",
                table: "dead_letters",
                column: "id",
                filter: "replayed_at IS NULL");
        }
    }
}
