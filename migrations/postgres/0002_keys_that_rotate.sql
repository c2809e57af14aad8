CREATE TABLE "idempotency_records" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"body_hash" text COLLATE "C" NOT NULL,
	"key_id" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "allowed_addresses" jsonb;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "revoked_reason" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "predecessor_id" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "successor_id" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "rotated_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "quiet_seconds" integer;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "retires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "key_usage" ADD COLUMN "last_address" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "key_usage" ADD COLUMN "last_user_agent" text COLLATE "C";--> statement-breakpoint
CREATE INDEX "idempotency_records_created" ON "idempotency_records" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "api_keys_retiring" ON "api_keys" USING btree ("retires_at");--> statement-breakpoint
CREATE INDEX "api_keys_expires" ON "api_keys" USING btree ("expires_at","id");--> statement-breakpoint
CREATE INDEX "key_usage_last" ON "key_usage" USING btree ("last_used_at");