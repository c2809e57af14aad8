# Node 24 is the current LTS line. One image for every stage, so that native modules meet the libc they were built for.
ARG NODE_IMAGE=node:24-bookworm-slim

# Manifests and a compiler: better-sqlite3 compiles where no prebuilt binary fits.
FROM ${NODE_IMAGE} AS toolchain
RUN apt-get update \
  && apt-get install --yes --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./

FROM toolchain AS build
RUN npm ci
COPY . .
RUN npm run build

FROM toolchain AS production-dependencies
RUN npm ci --omit=dev

FROM ${NODE_IMAGE} AS final
# Argon2 takes 19 MiB for each hash. Below this threshold glibc keeps such blocks for ever; above it they go back.
ENV NODE_ENV=production \
    MALLOC_MMAP_THRESHOLD_=131072 \
    UV_THREADPOOL_SIZE=16 \
    PORT=3000 \
    DATABASE_URL=file:/data/keydesk.db
WORKDIR /app
# Owned by root and never written at run time: the root file system may be read-only.
COPY package.json ./
COPY --from=production-dependencies /app/node_modules ./node_modules
# `npm run build` puts migrations, guides, style sheet and script into dist as well.
COPY --from=build /app/dist ./dist
# A new named volume takes owner and mode from here. A bind mount must be given to uid 1000 by hand.
RUN install --directory --owner=node --group=node --mode=0700 /data
VOLUME /data
USER node
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node runs as PID 1, where the kernel drops every signal that has no handler. Keydesk handles SIGTERM and SIGINT itself
# and starts no child process, so there is nothing for an init such as tini to forward or to reap.
# `docker stop` waits 10 s by default, as long as Keydesk may drain: give it more (`--stop-timeout 15`).
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
