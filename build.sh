#!/usr/bin/env bash
# Checks for the tools, installs what is missing where it may, and runs build.cake: ./build.sh --target=Demo
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

missing=()
command -v cmake >/dev/null || missing+=(cmake)
command -v make >/dev/null || command -v ninja >/dev/null || missing+=(make)
command -v c++ >/dev/null || missing+=(g++)
[ -e /usr/include/nlohmann/json.hpp ] || [ -e /usr/local/include/nlohmann/json.hpp ] || missing+=(nlohmann-json3-dev)
case " $* " in
  *Publish*) [ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev) ;;
esac
if [ ${#missing[@]} -gt 0 ]; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo -n)
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if ! command -v apt-get >/dev/null || ! { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
    echo "Missing: ${missing[*]}. Run: sudo apt-get update && sudo $install" >&2
    exit 1
  fi
  "${root[@]}" apt-get update -qq && "${root[@]}" env DEBIAN_FRONTEND=noninteractive $install >&2
fi
if ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
  echo "Missing: the .NET 10 SDK. See https://dotnet.microsoft.com/download/dotnet/10.0" >&2
  exit 1
fi

dotnet tool restore >/dev/null
exec dotnet cake build.cake "$@"
