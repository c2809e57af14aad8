CREATE TABLE `audit_anchors` (
	`id` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`seal` text NOT NULL,
	`pruned_at` integer NOT NULL,
	`key_id` text NOT NULL,
	`mac` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit_seals` (
	`seq` integer PRIMARY KEY NOT NULL,
	`event_id` text NOT NULL,
	`email_hash` text,
	`origin_hash` text,
	`key_id` text NOT NULL,
	`seal` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `verification_stats` (
	`hour` integer NOT NULL,
	`outcome` text NOT NULL,
	`count` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `verification_stats_hour` ON `verification_stats` (`hour`,`outcome`);--> statement-breakpoint
DROP INDEX `audit_events_action`;--> statement-breakpoint
CREATE INDEX `audit_events_action` ON `audit_events` (`action`,`seq`,`at`);--> statement-breakpoint
ALTER TABLE `api_keys` ADD `expiry_set_at` integer;--> statement-breakpoint
ALTER TABLE `audit_details` ADD `email_salt` text;--> statement-breakpoint
ALTER TABLE `audit_details` ADD `origin_salt` text;--> statement-breakpoint
ALTER TABLE `users` ADD `responsible_id` text;--> statement-breakpoint
CREATE INDEX `users_responsible` ON `users` (`responsible_id`);--> statement-breakpoint
CREATE INDEX `users_kind` ON `users` (`kind`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `key_refusals_at` ON `key_refusals` (`at`);