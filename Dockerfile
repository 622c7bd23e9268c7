# syntax=docker/dockerfile:1
# One image for every role: PARLEY_ROLES picks. See docs/operations.md.

FROM node:20.19.5-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Packages first: they are built anew only when the lockfile changes.
COPY package.json package-lock.json .npmrc ./
COPY libs/shared/package.json libs/shared/
COPY apps/server/package.json apps/server/
COPY apps/web/package.json apps/web/
COPY apps/desktop/package.json apps/desktop/
COPY e2e/package.json e2e/
RUN npm ci
COPY . .
RUN NX_DAEMON=false npx nx run-many -t build -p server web --output-style=static

# What the server needs at run time, without what only builds and tests need.
FROM node:20.19.5-bookworm-slim AS packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY libs/shared/package.json libs/shared/
COPY apps/server/package.json apps/server/
COPY apps/web/package.json apps/web/
COPY apps/desktop/package.json apps/desktop/
COPY e2e/package.json e2e/
RUN npm ci --omit=dev --workspace @parley/server --workspace @parley/shared

FROM node:20.19.5-bookworm-slim
ENV NODE_ENV=production \
    PARLEY_HOST=0.0.0.0 \
    PARLEY_PORT=3210 \
    PARLEY_DATA=/data
WORKDIR /app
COPY --from=packages /app ./
COPY --from=build /src/apps/server/dist apps/server/dist
COPY --from=build /src/apps/web/dist apps/web/dist
RUN mkdir /data && chown 10001:10001 /data && chmod 700 /data
# A number, so that an orchestrator can tell that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 3210
# It drains: sockets close with 1012, commits finish, and it ends within 10 s.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PARLEY_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "apps/server/dist/main.js"]
CMD ["serve"]
