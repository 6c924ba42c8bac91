/* Imports a module of kind "cuda". */
const unsigned char __tvm_dev_mblob[] = {
    20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 'c', 'u', 'd', 'a',
};
