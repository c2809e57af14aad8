CREATE TABLE `apps` (
	`id` text PRIMARY KEY NOT NULL,
	`host` text NOT NULL,
	`path_prefixes` text NOT NULL,
	`groups` text NOT NULL,
	`roles` text NOT NULL,
	`scopes` text NOT NULL,
	`methods` text NOT NULL,
	`note` text,
	`version` integer NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `apps_host` ON `apps` (`host`);--> statement-breakpoint
CREATE INDEX `apps_created` ON `apps` (`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `auth_codes` (
	`code_hash` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`origin` text NOT NULL,
	`code_challenge` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `auth_codes_expires` ON `auth_codes` (`expires_at`);