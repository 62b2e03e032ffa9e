# Every .NET program of the repository, from one file. PROGRAM is its project's folder: docker build --build-arg PROGRAM=services/Cart .
# The command-line tool: docker build --target tool .
ARG DOTNET_VERSION=10.0

# One build for all images, into one folder: each program has its entry there, and what they share stands there once. Packages and
# the work of earlier builds are kept; files that are as they were keep their dates there, so that only the others are compiled.
FROM mcr.microsoft.com/dotnet/sdk:${DOTNET_VERSION}-noble AS build
ARG TARGETARCH
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages --mount=type=cache,target=/build,sharing=locked <<'END'
set -e
diff -rq -x bin -x obj /src /build | sed -nE 's|^Only in (/build.*): (.*)|rm -r "\1/\2"|p; s|^Only in /src(.*): (.*)|cp -r "/src\1/\2" "/build\1/\2"|p; s|^Files /src/(.*) and .*|cp "/src/\1" "/build/\1"|p' | sh -e
cd /build
dotnet publish deploy/docker/Programs.csproj -c Release -r "linux-$(echo "${TARGETARCH:-amd64}" | sed s/amd64/x64/)" --no-self-contained -o /shop \
  -p:PublishReadyToRun=true -p:RunAnalyzers=false -p:GenerateDocumentationFile=false -p:DebugType=none -p:UseAppHost=false
# Without its list of assemblies a program finds them in its folder.
rm /shop/*.deps.json
for project in services/Cart services/Order services/Payment services/Inventory services/Notification services/Analytics spark/Jobs; do
  mkdir -p "/entry/$project" "/tool/$project"
  ln -s "Ecom.${project#*/}.dll" "/entry/$project/program.dll"
  # The tool brings the services' schemas up to date, and looks for them where they are in the repository.
  ln -s /app "/tool/$project/bin"
done
END

# No shell, no package manager, not root. The extra of it is the time zones, in which mails are written.
FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET_VERSION}-noble-chiseled-extra AS runtime
WORKDIR /app
ENV APP_PORT=8080 ASPNETCORE_URLS=http://*:8080
COPY --from=build /shop .

FROM runtime AS tool
COPY dapr.yaml EcomDapr.sln ./
COPY --from=build /tool .
ENTRYPOINT ["dotnet", "ecom.dll"]

FROM runtime AS program
ARG PROGRAM
COPY --from=build /entry/${PROGRAM} .
ENTRYPOINT ["dotnet", "program.dll"]
