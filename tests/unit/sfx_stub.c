/* What a self-extractor begins with: a program that test_sfx.py puts archives behind. */
#include <stdio.h>

int main(void)
{
    puts("extracting");
    return 0;
}
