CREATE TABLE `idempotency_records` (
	`id` text PRIMARY KEY NOT NULL,
	`body_hash` text NOT NULL,
	`key_id` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_records_created` ON `idempotency_records` (`created_at`);--> statement-breakpoint
ALTER TABLE `api_keys` ADD `allowed_addresses` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `revoked_reason` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `predecessor_id` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `successor_id` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `rotated_at` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `quiet_seconds` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `retires_at` integer;--> statement-breakpoint
CREATE INDEX `api_keys_retiring` ON `api_keys` (`retires_at`);--> statement-breakpoint
CREATE INDEX `api_keys_expires` ON `api_keys` (`expires_at`,`id`);--> statement-breakpoint
ALTER TABLE `key_usage` ADD `last_address` text;--> statement-breakpoint
ALTER TABLE `key_usage` ADD `last_user_agent` text;--> statement-breakpoint
CREATE INDEX `key_usage_last` ON `key_usage` (`last_used_at`);