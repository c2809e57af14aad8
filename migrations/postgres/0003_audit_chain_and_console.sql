CREATE TABLE "audit_anchors" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"seal" text COLLATE "C" NOT NULL,
	"pruned_at" timestamp (3) with time zone NOT NULL,
	"key_id" text COLLATE "C" NOT NULL,
	"mac" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_seals" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"event_id" text COLLATE "C" NOT NULL,
	"email_hash" text COLLATE "C",
	"origin_hash" text COLLATE "C",
	"key_id" text COLLATE "C" NOT NULL,
	"seal" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "verification_stats" (
	"hour" timestamp (3) with time zone NOT NULL,
	"outcome" text COLLATE "C" NOT NULL,
	"count" bigint NOT NULL
);
--> statement-breakpoint
DROP INDEX "audit_events_action";--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "expiry_set_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "audit_details" ADD COLUMN "email_salt" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "audit_details" ADD COLUMN "origin_salt" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "responsible_id" text COLLATE "C";--> statement-breakpoint
CREATE UNIQUE INDEX "verification_stats_hour" ON "verification_stats" USING btree ("hour","outcome");--> statement-breakpoint
CREATE INDEX "key_refusals_at" ON "key_refusals" USING btree ("at");--> statement-breakpoint
CREATE INDEX "users_responsible" ON "users" USING btree ("responsible_id");--> statement-breakpoint
CREATE INDEX "users_kind" ON "users" USING btree ("kind","created_at","id");--> statement-breakpoint
CREATE INDEX "audit_events_action" ON "audit_events" USING btree ("action","seq","at");