# glibc: Temporal's core is not built for any other C library.
FROM node:22.23.2-bookworm-slim AS base
ENV NODE_ENV=production
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json .npmrc tsconfig.json ./
# Temporal's core comes for five platforms in one package, and this image needs one.
RUN npm ci --omit=dev \
    && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 -type d \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +
COPY bin bin
COPY src src
COPY activities activities
COPY workflows workflows
# Builds the bundle of the workflows, so that workers start faster.
RUN node --import tsx --eval \
    "import('./src/worker/workflowBundle.ts').then(({ workflowBundle }) => workflowBundle('.cache'))"

FROM base
LABEL org.opencontainers.image.title="ringtrue" \
      org.opencontainers.image.description="Outbound calls on Twilio with a durable, true outcome: each call is a Temporal workflow." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /app ./
# The cache, and the data directory of `ringtrue dev`.
RUN chown -R node:node .cache && install -d -o node -g node .ringtrue
# By number, so that Kubernetes can verify `runAsNonRoot`: it is the user `node`.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "bin/ringtrue.js"]
CMD ["--help"]
