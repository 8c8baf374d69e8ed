# Three stages: build with everything, keep production packages only, run as a numeric user without a shell of its own.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY .swcrc nest-cli.json tsconfig.json ormconfig.ts ./
COPY src ./src
COPY migrations ./migrations
RUN npm run build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The embedded PostgreSQL is an optional package for machines without one: an image is given DATABASE_URL.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force

FROM node:24-slim AS run
ENV NODE_ENV=production \
    OPCOVIA_STATE_DIR=/var/lib/opcovia
WORKDIR /app
RUN mkdir -p /var/lib/opcovia && chown 10001:10001 /var/lib/opcovia
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
USER 10001:10001
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.OPCOVIA_API_PORT || 3000) + '/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The inspector that SIGUSR1 opens is refused by the program as well; the flag closes the moment before it runs.
CMD ["node", "--disable-sigusr1", "dist/src/main.js"]
