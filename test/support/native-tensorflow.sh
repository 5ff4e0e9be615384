#!/usr/bin/env bash
# Makes a working @tensorflow/tfjs-node on Linux without the downloads of its install script: compiles its addon from the
# sources in the npm package and links it with the TensorFlow C library in a Python wheel of TensorFlow 2.
#
#   native-tensorflow.sh WHEEL TARGET
#
# WHEEL   folder of the unpacked or installed wheel, e.g. venv/lib/python3.11/site-packages/tensorflow
# TARGET  new or empty folder for the package; then CLEANSPLIT_TFJS_NODE=TARGET cleansplit train ...
#
# Needs node, npm with a registry, and g++. The wheel has to stay where it is: its libraries are linked to, not copied.
set -euo pipefail

usage() {
  echo "usage: native-tensorflow.sh WHEEL TARGET ($1)" >&2
  exit 2
}
[ $# -eq 2 ] || usage "two folders"
root=$(cd "$(dirname "$0")/../.." && pwd)
wheel=$(cd "$1" 2>/dev/null && pwd) || usage "there is no folder $1"
libraries=(libtensorflow_cc.so.2 libtensorflow_framework.so.2)
for file in "${libraries[@]}" include/tensorflow/c/eager/c_api.h; do
  [ -e "$wheel/$file" ] || usage "$1 is no TensorFlow wheel: $file is missing"
done
mkdir -p "$2"
target=$(cd "$2" && pwd)
[ -z "$(ls -A "$target")" ] || usage "$2 is not empty"

cd "$target"
version=$(node -p "require('$root/package.json').optionalDependencies['@tensorflow/tfjs-node']")
echo '{ "private": true }' >package.json
npm install --ignore-scripts --no-audit --no-fund --save-exact "@tensorflow/tfjs-node@$version" node-api-headers@1.9.0

package=$target/node_modules/@tensorflow/tfjs-node
addon=$package/lib/napi-v8
mkdir -p "$addon" "$package/deps/lib"
for file in "${libraries[@]}"; do ln -s "$wheel/$file" "$package/deps/lib/"; done
# What node-gyp would do by the package's binding.gyp, with the names that the libraries have in the wheel.
g++ -std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=tfjs_binding -DBUILDING_NODE_EXTENSION \
  -I"$target/node_modules/node-api-headers/include" -I"$wheel/include" -I"$package" \
  "$package/binding/tfjs_backend.cc" "$package/binding/tfjs_binding.cc" -o "$addon/tfjs_binding.node" \
  -L"$package/deps/lib" "${libraries[@]/#/-l:}" "-Wl,-rpath,\$ORIGIN/../../deps/lib"

# The package calls two functions that Node 23 removed; the product brings them back in src/engine/training/native.ts.
TF_CPP_MIN_LOG_LEVEL=2 node -e '
  const util = require("node:util");
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  const tf = require("@tensorflow/tfjs-node");
  const product = Array.from(tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])).dataSync());
  if (String(product) !== "19,22,43,50") throw new Error(`A product of matrices is wrong: ${product}`);
  console.log(`@tensorflow/tfjs-node ${tf.version["tfjs-node"]} works on Node ${process.versions.node}, back end ${tf.getBackend()}.`);
'
